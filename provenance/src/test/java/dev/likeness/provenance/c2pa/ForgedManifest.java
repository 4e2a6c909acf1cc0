package dev.likeness.provenance.c2pa;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.provenance.TestAuthority;
import dev.likeness.provenance.signing.SigningIdentity;
import dev.likeness.provenance.signing.TrustAnchors;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A PNG file with a well-formed signed manifest, of which a test changes what it likes. */
public final class ForgedManifest {
  static final String LABEL = "urn:c2pa:00000000-0000-4000-8000-000000000001";
  static final String HASH = "c2pa.hash.data";

  private byte[] image = RgbImage.of(16, 16, new byte[16 * 16 * 3]).toPng();
  private Function<byte[], byte[]> signature =
      claim -> CoseSign1.sign(claim, SigningIdentity.development());
  private BiFunction<Integer, Integer, Object> exclusions =
      (start, length) -> List.of(range(start, length));
  private final List<JumbfBox> others = new ArrayList<>();
  private final List<JumbfBox> manifestsBefore = new ArrayList<>();
  private Consumer<Map<String, Object>> claimChange = claim -> {};
  private UnaryOperator<List<JumbfBox>> boxesChange = boxes -> boxes;

  /** Of another PNG file. */
  ForgedManifest image(byte[] png) {
    image = png;
    return this;
  }

  /** Signed so. */
  ForgedManifest signature(Function<byte[], byte[]> coseOfClaim) {
    signature = coseOfClaim;
    return this;
  }

  /** With these exclusions, by the start and length of the manifest. */
  ForgedManifest exclusions(BiFunction<Integer, Integer, Object> ranges) {
    exclusions = ranges;
    return this;
  }

  /** With another assertion. */
  public ForgedManifest assertion(String label, Map<String, Object> content) {
    others.add(JumbfBox.of(JumbfBox.CBOR, label, Cbor.write(content)));
    return this;
  }

  /** With a manifest before the active one. */
  ForgedManifest before(JumbfBox manifest) {
    manifestsBefore.add(manifest);
    return this;
  }

  /** With another claim. */
  public ForgedManifest claim(Consumer<Map<String, Object>> change) {
    claimChange = change;
    return this;
  }

  /** With other boxes in the manifest: assertions, claim, signature. */
  ForgedManifest boxes(UnaryOperator<List<JumbfBox>> change) {
    boxesChange = change;
    return this;
  }

  static Map<String, Object> range(Object start, Object length) {
    Map<String, Object> range = new LinkedHashMap<>();
    range.put("start", start);
    range.put("length", length);
    return range;
  }

  static Map<String, Object> link(String url, JumbfBox box) {
    return Map.of("url", url, "hash", Claim.Hashes.sha256(box.payloadBytes()));
  }

  /** The file. */
  public byte[] png() {
    ImageFile file = ImageFile.of(image).orElseThrow();
    int length = 0;
    byte[] wrapped = {};
    for (int i = 0; i < 4; i++) {
      byte[] rest = withoutExclusions(file, length);
      wrapped = file.wrapManifest(store(Claim.Hashes.sha256(rest), file.manifestOffset(), length));
      length = wrapped.length;
    }
    return file.insertManifest(wrapped);
  }

  // Hashes what the ranges leave of the file, where they are sound.
  private byte[] withoutExclusions(ImageFile file, int length) {
    byte[] whole = file.insertManifest(new byte[length]);
    boolean[] out = new boolean[whole.length];
    for (Object entry : (List<?>) exclusions.apply(file.manifestOffset(), length)) {
      Map<?, ?> range = (Map<?, ?>) entry;
      if (range.get("start") instanceof Integer start && range.get("length") instanceof Integer n) {
        for (int i = Math.max(0, start); i < Math.min(out.length, start + n); i++) {
          out[i] = true;
        }
      }
    }
    byte[] rest = new byte[whole.length];
    int size = 0;
    for (int i = 0; i < whole.length; i++) {
      if (!out[i]) {
        rest[size++] = whole[i];
      }
    }
    return java.util.Arrays.copyOf(rest, size);
  }

  private byte[] store(byte[] hash, int start, int length) {
    List<JumbfBox> manifests = new ArrayList<>(manifestsBefore);
    manifests.add(manifest(hash, start, length));
    return JumbfBox.of(JumbfBox.STORE, "c2pa", manifests).toBytes();
  }

  /** The manifest alone, for a file that it is not bound to. */
  JumbfBox manifest() {
    return manifest(new byte[32], 0, 1);
  }

  private JumbfBox manifest(byte[] hash, int start, int length) {
    Map<String, Object> binding = new LinkedHashMap<>();
    binding.put("exclusions", exclusions.apply(start, length));
    binding.put("alg", "sha256");
    binding.put("hash", hash);
    binding.put("pad", new byte[0]);
    List<JumbfBox> assertions = new ArrayList<>(others);
    assertions.add(JumbfBox.of(JumbfBox.CBOR, HASH, Cbor.write(binding)));
    Map<String, Object> claim = new LinkedHashMap<>();
    claim.put("instanceID", "xmp:iid:1");
    claim.put("claim_generator_info", Map.of("name", "Camera"));
    claim.put("signature", "self#jumbf=/c2pa/" + LABEL + "/c2pa.signature");
    claim.put(
        "created_assertions",
        assertions.stream()
            .map(box -> link("self#jumbf=c2pa.assertions/" + box.label(), box))
            .toList());
    claim.put("alg", "sha256");
    claimChange.accept(claim);
    byte[] cbor = Cbor.write(claim);
    return JumbfBox.of(
        JumbfBox.MANIFEST,
        LABEL,
        boxesChange.apply(List.of(
            JumbfBox.of(JumbfBox.ASSERTIONS, "c2pa.assertions", assertions),
            JumbfBox.of(JumbfBox.CLAIM, "c2pa.claim.v2", cbor),
            JumbfBox.of(JumbfBox.SIGNATURE, "c2pa.signature", signature.apply(cbor)))));
  }

  /** A signature by RSA keys of any length, with PS256. */
  static byte[] pss(byte[] claim, TestAuthority signer, TestAuthority... issuers) {
    try {
      List<byte[]> chain = new ArrayList<>(List.of(signer.certificate().getEncoded()));
      for (TestAuthority issuer : issuers) {
        chain.add(issuer.certificate().getEncoded());
      }
      Map<Object, Object> headers = new LinkedHashMap<>();
      headers.put(1, -37);
      headers.put(33, chain);
      byte[] sealed = Cbor.write(headers);
      Signature pss = Signature.getInstance("RSASSA-PSS");
      pss.setParameter(
          new PSSParameterSpec("SHA-256", "MGF1", new MGF1ParameterSpec("SHA-256"), 32, 1));
      pss.initSign(signer.keys().getPrivate());
      pss.update(Cbor.write(List.of("Signature1", sealed, new byte[0], claim)));
      List<Object> parts = new ArrayList<>(List.of(sealed, Map.of()));
      parts.add(null);
      parts.add(pss.sign());
      return Cbor.write(new Cbor.Tagged(18, parts));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static ManifestReport read(byte[] file, X509Certificate... trusted) {
    return new ManifestReader(new TrustAnchors(List.of(trusted)), Instant.now())
        .read(file)
        .orElseThrow();
  }
}
