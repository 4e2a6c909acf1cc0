package dev.likeness.provenance.c2pa;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Validates the manifests of the ingredients, the images that an image was made from (C2PA
 * specification 2.1, section 15.11).
 */
final class IngredientCheck {
  private static final String KIND = "c2pa.ingredient";
  private static final String MISSING = "ingredient.manifest.missing";

  private final Map<String, Claim> claims;
  private final ClaimCheck check;
  private final Claim.Hashes hashes;
  private final Set<String> visited = new HashSet<>();
  private final Set<String> redacted = new HashSet<>();
  private final Map<String, List<ManifestReport.Finding>> checked = new HashMap<>();

  /**
   * Creates a check of the ingredients of one store.
   *
   * @param claims the claims of all manifests, by label
   */
  IngredientCheck(Map<String, Claim> claims, ClaimCheck check, Claim.Hashes hashes) {
    this.claims = claims;
    this.check = check;
    this.hashes = hashes;
  }

  /** Returns the labels of the manifests that were reached. */
  Set<String> visited() {
    return visited;
  }

  void check(Claim claim, ManifestReport.Findings findings) throws JumbfBox.MalformedManifest {
    if (!visited.add(claim.label())) {
      return;
    }
    redacted.addAll(claim.redactions());
    for (JumbfBox assertion : claim.assertions(KIND)) {
      if (isZeroed(assertion.content())) {
        continue;
      }
      Map<String, Object> fields = Cbor.map(assertion.content());
      ManifestReport.Findings fresh = new ManifestReport.Findings();
      Optional<Claim.Link> link = manifest(fields);
      if (link.isPresent()) {
        checkIngredient(link.get(), fresh);
      } else if (!"inputTo".equals(fields.get("relationship"))) {
        fresh.informational(
            "ingredient.unknownProvenance", claim.url("c2pa.assertions/" + assertion.label()));
      }
      Set<String> known = recordedFindings(fields, link.map(Claim.Link::url).orElse(""));
      fresh.all().stream().filter(finding -> isNew(finding, known)).forEach(findings::add);
    }
  }

  private void checkIngredient(Claim.Link link, ManifestReport.Findings findings)
      throws JumbfBox.MalformedManifest {
    Claim ingredient = find(claims, link.url());
    if (ingredient == null) {
      findings.failure(MISSING, link.url());
      return;
    }
    Object algorithm = link.algorithm() == null ? ingredient.fields().get("alg") : link.algorithm();
    boolean whole = hashes
        .of(ingredient.manifest(), algorithm)
        .filter(hash -> Arrays.equals(hash, link.hash()))
        .isPresent();
    if (whole) {
      findings.success("ingredient.manifest.validated", link.url());
    } else if (!isHashOfClaim(ingredient, algorithm, link.hash())) {
      findings.failure("ingredient.manifest.mismatch", link.url());
    }
    addFindings(ingredient, findings);
    check(ingredient, findings);
  }

  // Manifests of version 1.0 hash the claim only.
  private static boolean isHashOfClaim(Claim ingredient, Object algorithm, byte[] hash) {
    return Claim.Hashes.find(algorithm)
        .map(digest -> Arrays.equals(digest.digest(ingredient.content()), hash))
        .orElse(false);
  }

  private void addFindings(Claim ingredient, ManifestReport.Findings findings)
      throws JumbfBox.MalformedManifest {
    List<ManifestReport.Finding> known = checked.get(ingredient.label());
    if (known == null) {
      ManifestReport.Findings own = new ManifestReport.Findings();
      check.check(ingredient, redacted, hashes, own);
      known = own.all().stream()
          .filter(finding -> finding.kind() != ManifestReport.Finding.Kind.SUCCESS)
          .toList();
      checked.put(ingredient.label(), known);
    }
    hashes.countLinks(known.size());
    known.forEach(findings::add);
  }

  /** Returns the manifest that an ingredient's address points to; null if there is none. */
  static Claim find(Map<String, Claim> claims, String url) {
    Claim claim = claims.get(Claim.manifestLabel(url));
    return claim == null
        ? null
        : claim
            .find(url)
            .filter(box -> box == claim.manifest() || box.kind().equals(JumbfBox.CLAIM))
            .map(box -> claim)
            .orElse(null);
  }

  /** Returns the link to an ingredient's manifest; empty if it has none. */
  static Optional<Claim.Link> manifest(Map<String, Object> ingredient) {
    Object old = ingredient.get("c2pa_manifest");
    return Claim.link(old == null ? ingredient.get("activeManifest") : old);
  }

  /** Returns the manifests of the parent images of a claim; a valid claim has one at most. */
  static List<Claim.Link> parents(Claim claim) throws JumbfBox.MalformedManifest {
    List<Claim.Link> parents = new ArrayList<>();
    for (JumbfBox ingredient : claim.assertions(KIND)) {
      Map<String, Object> fields = Cbor.map(ingredient.content());
      if ("parentOf".equals(fields.get("relationship"))) {
        manifest(fields).ifPresent(parents::add);
      }
    }
    return parents;
  }

  private static boolean isZeroed(byte[] content) {
    for (byte b : content) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  // Leaves out faults that were recorded when the ingredient was added, and successes of the
  // ingredient's own checks.
  private static boolean isNew(ManifestReport.Finding finding, Set<String> known) {
    boolean fresh = !known.contains(key(finding.code(), finding.url()));
    return switch (finding.kind()) {
      case FAILURE -> fresh;
      case SUCCESS -> finding.code().startsWith("ingredient.");
      case INFORMATIONAL -> fresh && finding.code().startsWith("ingredient.");
    };
  }

  private static Set<String> recordedFindings(Map<String, Object> ingredient, String manifest) {
    List<Object> entries = new ArrayList<>();
    collect(ingredient.get("validationStatus"), entries);
    collect(ingredient.get("validationResults"), entries);
    Set<String> known = new HashSet<>();
    for (Object entry : entries) {
      if (entry instanceof Map<?, ?> status
          && status.get("code") instanceof String code
          && status.get("url") instanceof String url) {
        known.add(key(code, Claim.absolute(url, Claim.manifestLabel(manifest))));
      }
    }
    return known;
  }

  private static void collect(Object value, List<Object> entries) {
    if (value instanceof Map<?, ?> map) {
      if (map.containsKey("code")) {
        entries.add(map);
      }
      map.values().forEach(inner -> collect(inner, entries));
    } else if (value instanceof List<?> list) {
      list.forEach(inner -> collect(inner, entries));
    }
  }

  private static String key(String code, String url) {
    return code + " " + url;
  }
}
