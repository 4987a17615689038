use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, json};

use super::*;

fn properties(text: &str) -> Value {
    read(text.as_bytes()).unwrap().properties
}

fn microsoft() -> Value {
    json!({"registration": {"clientId": "api", "openIdIssuer": "https://login.example/t/v2.0"}})
}

/// By the one reader, so that the gate and the client refuse the same.
#[test]
fn point_20_a_value_that_is_none_is_refused_with_those_that_there_are() {
    let refused = |settings: Value| read(settings.to_string().as_bytes()).unwrap_err();
    for wrong in [json!(7), json!("7"), json!("Return418"), json!(true)] {
        let action = json!({"globalValidation": {"unauthenticatedClientAction": wrong.clone()}});
        let error = refused(action).to_string();
        for says in [
            format!("globalValidation.unauthenticatedClientAction is {wrong}"),
            "RedirectToLoginPage (0), AllowAnonymous (1), Return401 (2), Return403 (3), Return404"
                .to_owned(),
        ] {
            assert!(error.contains(&says), "{wrong}: {error}");
        }
    }
}

/// By the one reader, so that the gate and the client refuse the same.
#[test]
fn point_20_an_issuer_that_is_missing_is_refused_by_name() {
    let of = |enabled: bool, registration: Value| {
        let microsoft = json!({"registration": registration});
        let settings = json!({"platform": {"enabled": enabled},
            "identityProviders": {"azureActiveDirectory": microsoft}});
        read(settings.to_string().as_bytes())
    };
    let without = json!({"clientId": "api"});
    for registration in [
        without.clone(),
        json!({"clientId": "api", "openIdIssuer": ""}),
        json!({"clientId": "api", "openIdIssuer": null}),
    ] {
        assert_eq!(of(true, registration), Err(SettingsFileError::NoIssuer));
    }
    assert!(of(false, without).is_ok());
}

#[test]
fn settings_are_read_bare_and_as_a_resource() {
    let settings = json!({"platform": {"enabled": true}, "login": {"routes": {}}});
    let resource = json!({"name": "authsettingsV2", "properties": settings});
    for text in [
        settings.to_string(),
        resource.to_string(),
        json!({"value": [resource], "nextLink": null}).to_string(),
        json!([resource]).to_string(),
        format!("\u{feff}{resource}\r\n"),
    ] {
        assert_eq!(properties(&text), settings, "{text}");
    }
    let mut wide = vec![0xff, 0xfe];
    wide.extend(
        resource
            .to_string()
            .encode_utf16()
            .flat_map(u16::to_le_bytes),
    );
    assert_eq!(read(&wide).unwrap().properties, settings);
    wide.pop();
    assert_eq!(read(&wide), Err(SettingsFileError::NoText));
    // What is missing in them is for their reader to say.
    assert_eq!(properties("{}"), json!({}));
}

/// What `az webapp auth show` prints, flat or, by newer versions, below `properties`.
#[test]
fn the_v1_settings_are_known() {
    let flat = json!({"enabled": false, "unauthenticatedClientAction": null,
        "tokenStoreEnabled": null, "clientId": null, "allowedAudiences": null,
        "id": "/subscriptions/s", "name": "authsettings", "type": "Microsoft.Web/sites/config"});
    for text in [
        flat.to_string(),
        json!({"name": "authsettings", "properties": flat}).to_string(),
    ] {
        let error = read(text.as_bytes()).unwrap_err();
        assert_eq!(error, SettingsFileError::V1, "{text}");
        assert_eq!(error.fix(), Some(GET));
    }
}

#[test]
fn nothing_is_known_from_not_json() {
    for text in ["", " \r\n", "\u{feff}"] {
        let error = read(text.as_bytes()).unwrap_err();
        assert_eq!(error, SettingsFileError::Empty, "{text:?}");
        assert_eq!(error.fix(), Some(GET));
    }
    for text in ["ERROR: x", "a\n{", "{"] {
        let error = read(text.as_bytes()).unwrap_err();
        assert!(matches!(error, SettingsFileError::NoJson(_)), "{text}");
    }
}

#[test]
fn a_template_is_read_where_it_has_one_apps_settings() {
    let settings = json!({"platform": {"enabled": true}});
    let resource = json!({"type": "Microsoft.Web/sites/config", "apiVersion": "2022-09-01",
        "name": "shop/authsettingsV2", "dependsOn": ["x"], "properties": settings});
    let site =
        json!({"type": "Microsoft.Web/sites", "name": "shop", "properties": {"httpsOnly": true}});
    let list =
        json!({"parameters": {"platform": {"type": "string"}}, "resources": [site, resource]});
    let named = json!({"languageVersion": "2.0", "resources": {"site": site, "auth": resource}});
    let nested = json!({"resources": [{"type": "Microsoft.Resources/deployments",
        "properties": {"mode": "Incremental", "template": list}}]});
    for template in [&list, &named, &nested] {
        assert_eq!(properties(&template.to_string()), settings, "{template}");
    }
    let two = json!({"resources": [resource, {"name": "other", "properties": settings}]});
    let names = vec!["shop/authsettingsV2".to_owned(), "other".to_owned()];
    assert_eq!(
        read(two.to_string().as_bytes()),
        Err(SettingsFileError::Several(names))
    );
    let text = r#"{"identityProviders": {"azureActiveDirectory": {"registration":
        {"clientId": "[parameters('clientId')]"}}}}"#;
    assert_eq!(
        read(text.as_bytes()),
        Err(SettingsFileError::Expression(
            "identityProviders.azureActiveDirectory.registration.clientId".to_owned()
        ))
    );
}

#[test]
fn values_come_out_as_the_reference_writes_them() {
    for (written, read) in [
        (json!(0), json!("RedirectToLoginPage")),
        (json!("2"), json!("Return401")),
        (json!("rejectwith401"), json!("Return401")),
        (json!("RETURN403"), json!("Return403")),
        (json!("RejectWith404"), json!("Return404")),
    ] {
        let file = json!({"globalValidation": {"unauthenticatedClientAction": written}});
        assert_eq!(
            properties(&file.to_string()),
            json!({"globalValidation": {"unauthenticatedClientAction": read}})
        );
    }
    let file = json!({"platform": {"enabled": "True"}, "clearInboundClaimsMapping": "false",
        "login": {"tokenStore": {"tokenRefreshExtensionHours": "24.5"}}});
    assert_eq!(
        properties(&file.to_string()),
        json!({"platform": {"enabled": true}, "clearInboundClaimsMapping": false,
            "login": {"tokenStore": {"tokenRefreshExtensionHours": 24.5}}})
    );
    let three = read(br#"{"globalValidation": {"unauthenticatedClientAction": 3}}"#).unwrap();
    assert!(three.notices[0].contains("RejectWith404"), "{three:?}");
}

#[test]
fn what_has_no_effect_is_named_by_its_path() {
    let file = json!({"platform": {"enabled": true, "runtimeVersion": "~1", "enabledd": true},
        "identityProviders": {"azureActiveDirectory": microsoft(), "google": {"enabled": true,
            "registration": {}}},
        "login": {"disableWwwAuthenticate": true, "tokenStore": {"fileSystem": {}, "azureBlobStorage":
            {"sasUrlSettingName": "S"}}},
        "globalvalidation": {"requireAuthentication": true},
        "globalValidation": {"requireAuthentication": false, "zzz": null},
        "legacyProperties": {"configVersion": "v2"}});
    let read = read(file.to_string().as_bytes()).unwrap();
    assert_eq!(
        read.notices,
        [
            "platform.enabledd is not known and has no effect; did you mean enabled?",
            "login.disableWwwAuthenticate is not known and has no effect; did you mean identityProviders.azureActiveDirectory.login.disableWWWAuthenticate?",
            "login.tokenStore.azureBlobStorage is left out: the token store is memory here, and ends with the run",
            "globalValidation is there twice: the last one counts",
        ]
    );
    let required = read
        .properties
        .pointer("/globalValidation/requireAuthentication");
    assert_eq!(required, Some(&Value::Bool(false)));
}

#[test]
fn other_providers_are_left_out_or_refused_where_they_are_all_there_is() {
    let google = json!({"enabled": true, "registration": {"clientId": "g"}});
    let own = json!({"shop": {"Registration": {"clientId": "c"}}, "empty": {"registration": {}}});
    let mut file = json!({"globalValidation": {"redirectToProvider": "Shop"},
        "identityProviders": {"azureActiveDirectory": microsoft(), "Google": google,
            "customOpenIdConnectProviders": own}});
    let both = read(file.to_string().as_bytes()).unwrap();
    assert!(both.has_microsoft());
    assert_eq!(
        both.notices,
        [
            "identityProviders: google is left out: Microsoft's is the only provider here",
            "identityProviders: shop is left out: Microsoft's is the only provider here",
            "globalValidation.redirectToProvider is Shop, which is left out: browsers are sent to Microsoft's sign-in here",
        ]
    );
    let others = || {
        Err(SettingsFileError::OtherProviders(vec![
            "google".into(),
            "shop".into(),
        ]))
    };
    file["identityProviders"]["azureActiveDirectory"]["enabled"] = json!(false);
    assert_eq!(read(file.to_string().as_bytes()), others());
    file["identityProviders"]["azureActiveDirectory"] = json!({"enabled": true, "login": {}});
    assert_eq!(read(file.to_string().as_bytes()), others());
    file["platform"] = json!({"enabled": false});
    assert_eq!(read(file.to_string().as_bytes()).unwrap().notices, [""; 0]);
}

#[test]
fn settings_in_another_file_are_not_in_force() {
    let file = br#"{"platform": {"enabled": true, "configFilePath": "auth.json"}}"#;
    let error = read(file).unwrap_err();
    assert_eq!(error, SettingsFileError::InAnotherFile("auth.json".into()));
    let off = br#"{"platform": {"enabled": false, "configFilePath": "auth.json"}}"#;
    assert!(read(off).is_ok());
}

/// Settings with a value at some of the paths that take effect.
fn some_settings() -> impl Strategy<Value = Value> {
    let paths: Vec<String> = paths()
        .into_iter()
        .filter(|path| !path.ends_with("configFilePath"))
        .collect();
    proptest::sample::subsequence(paths.clone(), 1..paths.len()).prop_map(|paths| {
        let mut settings = Value::Object(Map::new());
        for path in paths {
            let names: Vec<&str> = path.split('.').collect();
            let (name, around) = names.split_last().unwrap();
            let mut section = &mut settings;
            for name in around {
                let members = section.as_object_mut().unwrap();
                section = members
                    .entry((*name).to_owned())
                    .or_insert_with(|| Value::Object(Map::new()));
            }
            if *name == "clientId" {
                section["openIdIssuer"] = json!("Some Text");
            }
            section[*name] = match *name {
                "unauthenticatedClientAction" => json!("Return401"),
                "convention" => continue,
                "excludedPaths" => json!(["/a", "/B/*"]),
                "tokenRefreshExtensionHours" => json!(7.5),
                // None begins as an expression does.
                "openIdIssuer" | "clientId" | "apiPrefix" => json!("Some Text"),
                _ => json!(true),
            };
        }
        settings
    })
}

/// Each letter of each name, and of the name of a value, in the case that `upper` says.
fn in_case(value: &Value, upper: &[Index], at: &mut usize) -> Value {
    match value {
        Value::Object(members) => {
            let mut read = Map::new();
            for (name, value) in members {
                let name = cased(name, upper, at);
                read.insert(name, in_case(value, upper, at));
            }
            Value::Object(read)
        }
        Value::String(text) if text == "Return401" => Value::String(cased(text, upper, at)),
        other => other.clone(),
    }
}

fn cased(text: &str, upper: &[Index], at: &mut usize) -> String {
    text.chars()
        .map(|letter| {
            *at += 1;
            match upper[*at % upper.len()].index(2) {
                0 => letter.to_ascii_lowercase(),
                _ => letter.to_ascii_uppercase(),
            }
        })
        .collect()
}

fn around(value: Value, form: usize) -> Value {
    match form {
        0 => value,
        1 => json!({"id": "/x", "name": "authsettingsV2", "Properties": value}),
        2 => json!([value]),
        3 => json!({"value": [{"properties": value}]}),
        4 => json!({"resources": [{"type": "T", "PROPERTIES": value}]}),
        5 => json!({"resources": {"auth": value}, "outputs": {}}),
        _ => json!({"properties": {"template": value}}),
    }
}

proptest! {
    #[test]
    fn any_letter_case_and_any_nesting_give_the_same_settings(
        settings in some_settings(),
        upper in proptest::collection::vec(any::<Index>(), 1..64),
        forms in proptest::collection::vec(0_usize..7, 0..4),
    ) {
        let plain = read(settings.to_string().as_bytes()).unwrap();
        prop_assert_eq!(&plain.properties, &settings);
        prop_assert!(plain.notices.is_empty());
        // `login` by itself is told from another resource's by nothing.
        let is_found = settings.as_object().unwrap().keys().any(|name| {
            name != "login" && name != "clearInboundClaimsMapping"
        });
        prop_assume!(is_found);
        let mut written = in_case(&settings, &upper, &mut 0);
        for form in forms {
            written = around(written, form);
        }
        let read = read(written.to_string().as_bytes()).unwrap();
        prop_assert_eq!(&read, &plain, "{}", written);
    }

    #[test]
    fn no_bytes_bring_the_reader_down(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    /// Reading what was read changes nothing.
    #[test]
    fn what_was_read_is_read_as_it_is(settings in some_settings()) {
        let once = read(settings.to_string().as_bytes()).unwrap();
        let twice = read(once.properties.to_string().as_bytes()).unwrap();
        prop_assert_eq!(once, twice);
    }
}
