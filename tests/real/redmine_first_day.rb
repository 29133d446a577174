# A Redmine on its first day, for tests/real/test_redmine_walk.py: its default data, one project, one developer.
Redmine::DefaultData::Loader.load('en')
User.find_by_login('admin').update!(must_change_passwd: false)
shop = Project.create!(name: 'Shop', identifier: 'shop', is_public: false, trackers: Tracker.all.to_a,
                       enabled_module_names: %w[issue_tracking])
ann = User.new(firstname: 'Ann', lastname: 'Example', mail: 'ann@example.org', language: 'en')
ann.login = 'ann'
ann.password = ann.password_confirmation = 'password of ann'
ann.save!
Token.create!(user: ann, action: 'api').update_column(:value, Digest::SHA1.hexdigest('key of ann'))
Member.create!(project: shop, principal: ann, roles: [Role.find_by!(name: 'Manager')])
