# What a test Redmine holds at first; run once by `rails runner`, and copied for each test (redmine_site.py).
require 'digest'

Redmine::DefaultData::Loader.load('en')
Setting.rest_api_enabled = '1'
Setting.default_language = 'en'

{ 'In QA' => false, 'QA passed' => false, 'QA failed' => false, 'Not testable' => false }.each do |name, closed|
  IssueStatus.create!(name: name, is_closed: closed)
end

def role(name, visibility, *permissions)
  Role.create!(name: name, issues_visibility: visibility, permissions: permissions)
end

# the least that the shepherd needs, and nothing else
shepherd = role('QA shepherd', 'default', :view_issues, :edit_issues, :add_issue_notes)
looker = role('QA looker', 'default', :view_issues)
team = role('Team', 'all', :view_issues, :add_issues, :edit_issues, :add_issue_notes, :delete_issues,
            :set_issues_private, :set_notes_private, :view_private_notes, :edit_project, :close_project)

# people who work here may set any status; the shepherd not where the tracker is Support
Tracker.all.each do |tracker|
  IssueStatus.all.to_a.permutation(2).each do |from, to|
    WorkflowTransition.create!(role: team, tracker: tracker, old_status: from, new_status: to)
    next if tracker.name == 'Support'

    WorkflowTransition.create!(role: shepherd, tracker: tracker, old_status: from, new_status: to)
  end
end

def field(name, format, **more)
  IssueCustomField.create!(name: name, field_format: format, is_for_all: true, trackers: Tracker.all, **more)
end

results = %w[untested passed failed untestable]
field('QA result', 'list', possible_values: results)
field('QA remark', 'string')
field('QA marks', 'list', possible_values: results, multiple: true)
verdicts = field('QA verdict', 'enumeration')
results.each_with_index { |name, place| verdicts.enumerations.create!(name: name, position: place + 1) }

def project(identifier, public: false)
  trackers = Tracker.all.to_a
  Project.create!(name: identifier.capitalize, identifier: identifier, is_public: public, trackers: trackers,
                  enabled_module_names: %w[issue_tracking], issue_custom_fields: IssueCustomField.all)
end

projects = %w[shop other vault attic].to_h { |name| [name, project(name)] }
projects['open'] = project('open', public: true)

def user(name, **more)
  made = User.new(firstname: name.capitalize, lastname: 'Example', mail: "#{name}@example.org",
                  mail_notification: 'none', language: 'en', **more)
  made.login = name
  made.password = made.password_confirmation = "password of #{name}"
  made.save!
  made
end

users = %w[ann quinn shepherd looker stranger locked].to_h { |name| [name, user(name)] }
users['admin'] = User.find_by_login('admin')
users['admin'].update!(must_change_passwd: false)
users.each do |name, each|
  # its own value is random
  Token.create!(user: each, action: 'api').update_column(:value, Digest::SHA1.hexdigest("key of #{name}"))
end
users['locked'].lock!

projects.each do |name, each|
  %w[ann quinn].each { |person| Member.create!(project: each, principal: users[person], roles: [team]) }
  next if name == 'vault'

  Member.create!(project: each, principal: users['shepherd'], roles: [shepherd])
  Member.create!(project: each, principal: users['looker'], roles: [looker])
  Member.create!(project: each, principal: users['locked'], roles: [shepherd])
end

User.current = users['ann']
Issue.create!(project: projects['attic'], tracker: Tracker.first, author: users['ann'], subject: 'In the attic')
projects['attic'].close
