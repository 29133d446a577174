from hypothesis import given, settings, strategies as st
import tests.mail.test_html as t
FR=["=?utf-8?q?","?=","=0D=0A","\r\n","\n\n","--==","boundary","<",">","</style>","</title>","<!--","]]>","&#x0a;","&amp","é","漢","\u2028","\x85","\x1c","\u0085","inv verdict r1 ok","--branch stable","  ","x"*80," ","a","https://x.org/<>\"'", "javascript:","{{","{%","}}","%s","%","\\","🙂","\u200d","\ufe0f","e\u0301","\ud7a3","\u202e","\x00","\t","From ",".","..","* ","-- ","\ufeff","\U000e0001", "ß"*77, "\u0600", "<script>","<style>","<textarea>","<title>","<plaintext>","<svg><![CDATA["]
N=st.lists(st.sampled_from(FR),max_size=8).map("".join)|t.NASTY
f=t.test_nothing_that_people_write_becomes_markup_or_a_header.hypothesis.inner_test
@settings(max_examples=1500,deadline=None)
@given(N,N,N,N,N)
def test_f(a,b,c,d,e): f(a,b,c,d,e)
