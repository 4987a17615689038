"""Which properties Azure Resource Manager knows: those of the Azure SDK's own models."""

import functools

# Bicep's and ARM's own, of every resource.
OF_ALL = {"type", "name", "scope", "apiVersion", "dependsOn", "condition", "comments"}


@functools.cache
def known(kind: str):
    # Late: it loads the SDK.
    import bicep

    return bicep.fields(bicep.model(*bicep.MODELS[kind]))


def unknown(body: dict) -> list[str]:
    import bicep

    sent = {name: value for name, value in body.items() if name not in OF_ALL}
    found = bicep.unknown(sent, known(body["type"]), "")
    newer = {name.split(".", 1)[1] for name in bicep.NEWER}
    return [path.lstrip(".") for path in found if path.lstrip(".") not in newer]
