package dev.likeness.provenance.c2pa;

import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.provenance.signing.TrustAnchors;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * Reads and validates the manifests of an image (C2PA specification 2.1, section 15). Compressed
 * manifests are not supported. Never uses the network.
 */
public final class ManifestReader {
  private static final Set<String> MANIFESTS =
      Set.of(JumbfBox.MANIFEST, JumbfBox.STANDARD_MANIFEST, JumbfBox.UPDATE_MANIFEST);
  private static final int MAX_MANIFESTS = 500;
  private static final int MAX_CLAIM_BYTES = 8 << 20;

  private final ClaimCheck check;
  private final Cancellation cancellation;

  /**
   * Creates a reader.
   *
   * @param anchors the trusted certificates
   * @param now the current time; if a signature has no time stamp, its certificate must be valid at
   *     this time
   */
  public ManifestReader(TrustAnchors anchors, Instant now) {
    this(anchors, now, new Cancellation());
  }

  /**
   * Creates a reader whose reading can be cancelled.
   *
   * @param anchors the trusted certificates
   * @param now the current time; if a signature has no time stamp, its certificate must be valid at
   *     this time
   * @param cancellation stops {@link #read(byte[])}
   */
  public ManifestReader(TrustAnchors anchors, Instant now, Cancellation cancellation) {
    this.check = new ClaimCheck(anchors, now);
    this.cancellation = cancellation;
  }

  /**
   * Reads and validates the manifest of a PNG, JPEG or WebP file. A manifest store of more than 64
   * MiB, 10,000 boxes, 500 manifests or 10,000 hashed URIs is reported as malformed.
   *
   * @param bytes the whole file
   * @return the report; empty if the file has no manifest or is of another format
   * @throws dev.likeness.diffusion.error.InvalidInputException if the file is damaged
   * @throws dev.likeness.diffusion.error.CancelledException if the reader's cancellation was
   *     requested
   */
  public Optional<ManifestReport> read(byte[] bytes) {
    return ImageFile.of(bytes).flatMap(this::read);
  }

  private Optional<ManifestReport> read(ImageFile file) {
    return file.manifest().map(bytes -> {
      if (file.parts().stream()
              .filter(part -> part.name().equals(ImageFile.Part.MANIFEST))
              .count()
          > 1) {
        return ManifestReport.unreadable("manifest.multipleStores");
      }
      try {
        return check(JumbfBox.parse(bytes), file);
      } catch (JumbfBox.MalformedManifest e) {
        return ManifestReport.unreadable("claim.malformed");
      }
    });
  }

  private ManifestReport check(JumbfBox store, ImageFile file) throws JumbfBox.MalformedManifest {
    if (store.boxes().stream().anyMatch(box -> box.kind().equals(JumbfBox.COMPRESSED_MANIFEST))) {
      return ManifestReport.unreadable("manifest.compressed");
    }
    if (store.boxes().isEmpty()) {
      return ManifestReport.unreadable("claim.missing");
    }
    Map<String, Claim> claims = claims(store);
    Claim active = claims.get(store.boxes().get(store.boxes().size() - 1).label());
    Claim.Hashes hashes = new Claim.Hashes(cancellation);
    ManifestReport.Findings findings = new ManifestReport.Findings();
    check.check(active, Set.of(), hashes, findings);
    Claim bound = boundClaim(active, claims, findings);
    new HardBinding(file, hashes).check(bound, bound != active, findings);
    ManifestReport.Findings ingredients = new ManifestReport.Findings();
    IngredientCheck reached = new IngredientCheck(claims, check, hashes);
    reached.check(active, ingredients);
    claims.values().stream()
        .filter(claim -> !reached.visited().contains(claim.label()))
        .forEach(claim -> ingredients.informational("manifest.unreferenced", claim.url("")));
    List<ManifestReport.Finding> all = new ArrayList<>(findings.all());
    all.addAll(ingredients.all());
    return new ManifestReport(
        state(all, findings.all()),
        active.label(),
        active.generator(),
        actions(active),
        signer(active),
        findings.all(),
        ingredients.all());
  }

  /** The claims of all manifests in their order, by label. */
  private static Map<String, Claim> claims(JumbfBox store) throws JumbfBox.MalformedManifest {
    if (store.boxes().size() > MAX_MANIFESTS) {
      throw new JumbfBox.MalformedManifest("more than " + MAX_MANIFESTS + " manifests");
    }
    Map<String, Claim> claims = new LinkedHashMap<>();
    int size = 0;
    for (JumbfBox box : store.boxes()) {
      if (!MANIFESTS.contains(box.kind()) || !store.contents().isEmpty()) {
        throw new JumbfBox.MalformedManifest("a manifest store with boxes that are no manifests");
      }
      Claim claim = Claim.of(box);
      size += claim.content().length;
      if (claims.put(box.label(), claim) != null || size > MAX_CLAIM_BYTES) {
        throw new JumbfBox.MalformedManifest(
            "two manifests with the same label, or more than 8 MiB of claims");
      }
    }
    return claims;
  }

  private static ManifestReport.State state(
      List<ManifestReport.Finding> all, List<ManifestReport.Finding> own) {
    if (all.stream().anyMatch(ManifestReport::isFault)) {
      return ManifestReport.State.INVALID;
    }
    return own.stream().anyMatch(finding -> finding.code().equals("signingCredential.trusted"))
        ? ManifestReport.State.TRUSTED
        : ManifestReport.State.VALID;
  }

  // An update manifest has no binding of its own; the file is checked against the binding of its
  // one parent. The box type "update manifest" is not signed. Without these checks, a manifest
  // could be moved to another file.
  private static Claim boundClaim(
      Claim active, Map<String, Claim> claims, ManifestReport.Findings findings)
      throws JumbfBox.MalformedManifest {
    Claim claim = active;
    for (int step = 0; claim.isUpdate() && step < claims.size(); step++) {
      if (!HardBinding.of(claim).isEmpty()) {
        findings.failure("manifest.update.invalid", claim.url("c2pa.claim"));
        return claim;
      }
      List<Claim.Link> parents = IngredientCheck.parents(claim);
      Claim parent =
          parents.size() == 1 ? IngredientCheck.find(claims, parents.get(0).url()) : null;
      if (parent == null) {
        findings.failure("manifest.update.wrongParents", claim.url("c2pa.claim"));
        return claim;
      }
      claim = parent;
    }
    return claim;
  }

  private static List<ManifestReport.Action> actions(Claim claim)
      throws JumbfBox.MalformedManifest {
    List<ManifestReport.Action> actions = new ArrayList<>();
    for (JumbfBox assertion : claim.assertions("c2pa.actions")) {
      Object list = Cbor.map(assertion.content()).get("actions");
      for (Object entry : list instanceof List<?> all ? all : List.of()) {
        if (entry instanceof Map<?, ?> map && map.get("action") instanceof String name) {
          actions.add(new ManifestReport.Action(
              name, map.get("digitalSourceType") instanceof String t ? t : ""));
        }
      }
    }
    return actions;
  }

  private static Optional<ManifestReport.Signer> signer(Claim claim) {
    try {
      JumbfBox box = claim.signature().orElse(null);
      if (box == null) {
        return Optional.empty();
      }
      CoseSign1 signature = CoseSign1.parse(box.onlyCbor());
      String algorithm = signature.algorithm().map(Enum::name).orElse("unknown");
      X509Certificate certificate = signature.chain().get(0);
      return Optional.of(new ManifestReport.Signer(
          name(certificate),
          algorithm,
          certificate.getNotBefore().toInstant(),
          certificate.getNotAfter().toInstant()));
    } catch (JumbfBox.MalformedManifest e) {
      return Optional.empty();
    }
  }

  private static String name(X509Certificate certificate) {
    String name = certificate.getSubjectX500Principal().getName();
    try {
      LdapName parts = new LdapName(name);
      for (String attribute : List.of("O", "CN")) {
        Optional<Object> value = parts.getRdns().stream()
            .filter(part -> part.getType().equalsIgnoreCase(attribute))
            .map(Rdn::getValue)
            .findFirst();
        if (value.isPresent()) {
          return value.get().toString();
        }
      }
      return name;
    } catch (InvalidNameException e) {
      return name;
    }
  }
}
