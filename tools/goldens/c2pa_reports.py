"""What c2pa-python says of files with content credentials: python c2pa_reports.py FILE... > reports.json"""
import json
import os
import sys

import c2pa


def entries(results, kind):
    found = [status["code"] for status in results.get("activeManifest", {}).get(kind, [])]
    return sorted(found)


def report(path):
    try:
        whole = json.loads(c2pa.Reader(path).json())
    except c2pa.C2paError as error:
        return {"error": str(error).split(":")[0]}
    active = whole["manifests"][whole["active_manifest"]]
    results = whole["validation_results"]
    ingredients = [status["code"] for delta in results.get("ingredientDeltas", [])
                   for status in delta["validationDeltas"]["failure"]]
    actions = [[action["action"], action.get("digitalSourceType", "")]
               for assertion in active["assertions"] if assertion["label"].startswith("c2pa.actions")
               for action in assertion["data"]["actions"]]
    return {"state": whole["validation_state"], "active": whole["active_manifest"],
            "success": entries(results, "success"), "failure": entries(results, "failure"),
            "ingredients": sorted(ingredients), "actions": actions,
            "algorithm": active["signature_info"]["alg"], "issuer": active["signature_info"]["issuer"]}


reports = {os.path.basename(path): report(path) for path in sys.argv[1:]}
json.dump({"c2pa-python": c2pa.__version__, "files": reports}, sys.stdout, indent=1, sort_keys=True)
print()
