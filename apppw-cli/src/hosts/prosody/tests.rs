use super::*;

fn read(texts: &[(&str, &str)]) -> Result<Source, Odd> {
    let files: BTreeMap<PathBuf, String> =
        texts.iter().map(|(path, text)| (path.into(), (*text).to_owned())).collect();
    Source::read(&files, Path::new("/p/prosody.cfg.lua"))
}

fn one(text: &str) -> Result<Source, Odd> {
    read(&[("/p/prosody.cfg.lua", text)])
}

#[test]
fn options_have_their_hosts_and_lines() {
    let source = read(&[
        (
            "/p/prosody.cfg.lua",
            "-- x = 1\nadmins = { } --[[ y\n = 2 ]] modules_enabled = {\n\t\"tls\"; -- why\n\t--\"no\";\n\t[\"a\"] = 'b',\n}\n\
             authentication = \"internal_hashed\";\nlimits = { c2s = { rate = \"10kb/s\" } }\nn = -1.5\n\
             VirtualHost \"example.org\"\n  enabled = false\nComponent \"muc.example.org\" \"muc\"\n  name = [[x\ny]]\n\
             Include \"conf.d/*.cfg.lua\"\n  after = ENV_X\n",
        ),
        ("/p/conf.d/a.cfg.lua", "authentication = Credential(\"x\").y { \"z\" }\nVirtualHost 'b.org'\nq = nil"),
        ("/p/conf.d/a.lua", "nonsense"),
    ])
    .unwrap();
    let shown: Vec<_> = source
        .settings
        .iter()
        .map(|s| (s.host.as_deref().unwrap_or("*"), s.key.as_str(), s.lines.clone(), s.is_alone))
        .collect();
    assert_eq!(
        shown,
        [
            ("*", "admins", 1..=1, true),
            ("*", "modules_enabled", 2..=6, true),
            ("*", "authentication", 7..=7, true),
            ("*", "limits", 8..=8, true),
            ("*", "n", 9..=9, true),
            ("example.org", "enabled", 11..=11, true),
            ("muc.example.org", "name", 13..=14, true),
            ("*", "authentication", 0..=0, true),
            ("b.org", "q", 2..=2, true),
            ("muc.example.org", "after", 16..=16, true),
        ]
    );
    assert_eq!(source.hosts, ["example.org", "b.org"]);
    assert_eq!(source.global_ends, Some(10));
    let values: Vec<_> = source.of("authentication").map(|setting| setting.value.clone()).collect();
    assert_eq!(values, [Value::Text("internal_hashed".into()), Value::Other(vec!["x".into(), "z".into()])]);
    let modules: Vec<_> = source.of("modules_enabled").map(|setting| setting.value.clone()).collect();
    assert_eq!(modules, [Value::Other(vec!["tls".into(), "a".into(), "b".into()])]);
}

#[test]
fn what_shares_its_line_is_not_alone() {
    for (text, alone) in [("a = 1 b = 2", false), ("a = 1;", true), ("a = 1; b = 2", false)] {
        assert!(one(text).unwrap().settings.iter().all(|setting| setting.is_alone == alone), "{text}");
    }
}

#[test]
fn programs_are_odd() {
    for (text, line) in [
        ("a = 1\nif x then\nend", ", line 2"),
        ("local a = 1", ", line 1"),
        ("a = b .. c", ", line 1"),
        ("a = \"x\" .. c", ", line 1"),
        ("a = b or \"c\"", ", line 1"),
        ("a = function() end", ", line 1"),
        ("a = { function() end }", ", line 1"),
        ("a = { 1 )", ", line 1"),
        ("a = {", ", line 1"),
        ("a =", ", line 1"),
        ("x.y = 1", ", line 1"),
        ("print(\"x\")", ", line 1"),
        ("VirtualHost \"x\" { a = 1 }", ", line 1"),
        ("VirtualHost(\"x\")", ", line 1"),
        ("a = 1\nb = \"x", ", line 2"),
        ("--[[ x\n", ", line 1"),
        ("a = 1\nRunScript \"x\"", ", line 2"),
        ("Include \"/[x]/y\"", ", line 1"),
        ("Include \"prosody.cfg.lua\"", ""),
    ] {
        match one(text) {
            Err(odd) => assert_eq!(odd.place, format!("/p/prosody.cfg.lua{line}"), "{text}"),
            Ok(source) => panic!("{text}: {source:?}"),
        }
    }
    assert_eq!(one("Include \"none.lua\"").unwrap_err().place, "/p/none.lua");
    assert_eq!(
        one("").unwrap(),
        one("-- nothing").map(|source| Source { files: one("").unwrap().files, ..source }).unwrap()
    );
}
