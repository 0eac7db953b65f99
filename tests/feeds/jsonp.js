/**/ app.feeds.show({"version":"https://jsonfeed.org/version/1.1","title":"أخبار","items":[
{"id":"1","url":"https://outlet.example/1","title":"Pluie (forte); suite","date_published":"2026-W45-1T10:30:00+01:00"},
{"id":"2","url":"https://outlet.example/2","title":"Neige","date_published":"2026-W45"}
]});
