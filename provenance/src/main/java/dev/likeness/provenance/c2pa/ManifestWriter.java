package dev.likeness.provenance.c2pa;

import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.provenance.signing.SigningIdentity;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Writes a signed manifest into an image file (C2PA specification 2.1, claims of version 2). The
 * manifest contains the actions, the digital source type and a hash of the file without the
 * manifest. If the signature algorithm is deterministic (Ed25519), the same file and signer give
 * the same bytes.
 */
public final class ManifestWriter {
  private static final String ASSERTIONS = "c2pa.assertions";
  private static final int HASH_BYTES = 32;
  private static final JumbfBox PARENT =
      assertion("c2pa.ingredient.v3", Map.of("relationship", "parentOf"));
  private static final long VERSION_4 = 0x4000L;
  private static final long VARIANT = 0x8000000000000000L;

  private final SigningIdentity signer;
  private final Map<String, Object> generator;
  private final String sourceType;
  private final boolean edited;

  /**
   * Creates a writer.
   *
   * @param signer signs the manifests
   * @param generator the program that made the image, for {@code claim_generator_info}
   * @param sourceType IPTC URL of the digital source type
   * @param edited true if the model changed another image ({@code c2pa.opened},
   *     {@code c2pa.edited}); false if it generated the image from noise ({@code c2pa.created}).
   *     The manifest records that another image was opened, but not the credentials of that image
   */
  public ManifestWriter(
      SigningIdentity signer, String generator, String sourceType, boolean edited) {
    this.signer = signer;
    this.generator = Map.of("name", generator);
    this.sourceType = sourceType;
    this.edited = edited;
  }

  /**
   * Adds a signed manifest to a PNG, JPEG or WebP file.
   *
   * @param bytes the whole file
   * @return the bytes of the file with the manifest
   * @throws IllegalArgumentException if the file already has a manifest, or is not a PNG, JPEG or
   *     WebP file
   * @throws dev.likeness.diffusion.error.InvalidInputException if the file is damaged
   */
  public byte[] sign(byte[] bytes) {
    ImageFile file = ImageFile.of(bytes)
        .orElseThrow(
            () -> new IllegalArgumentException(
                "content credentials can be added to PNG, JPEG and WebP files only; give one of these"));
    if (file.manifestPart().isPresent()) {
      throw new IllegalArgumentException(
          "the file has a C2PA manifest already; give a file without one");
    }
    String id = uuid(Claim.Hashes.sha256(file.bytes())).toString();
    // The exclusion's length is written inside the excluded range, and its encoding may need more
    // bytes for a larger number. So repeat until the length is stable.
    int length = 0;
    for (int before = -1; before != length; ) {
      before = length;
      length =
          file.wrapManifest(store(id, new byte[HASH_BYTES], file.manifestOffset(), length)).length;
    }
    byte[] hash = Claim.Hashes.sha256(file.bytesAroundManifest(length));
    return file.insertManifest(file.wrapManifest(store(id, hash, file.manifestOffset(), length)));
  }

  private byte[] store(String id, byte[] hash, int start, int length) {
    String label = "urn:c2pa:" + id;
    List<JumbfBox> assertions = new ArrayList<>(edited ? List.of(PARENT) : List.of());
    assertions.add(assertion("c2pa.actions.v2", Map.of("actions", actions())));
    assertions.add(assertion("c2pa.hash.data", binding(hash, start, length)));
    byte[] claim = Cbor.write(claim(id, label, assertions));
    JumbfBox manifest = JumbfBox.of(
        JumbfBox.MANIFEST,
        label,
        List.of(
            JumbfBox.of(JumbfBox.ASSERTIONS, ASSERTIONS, assertions),
            JumbfBox.of(JumbfBox.CLAIM, "c2pa.claim.v2", claim),
            JumbfBox.of(JumbfBox.SIGNATURE, "c2pa.signature", CoseSign1.sign(claim, signer))));
    return JumbfBox.of(JumbfBox.STORE, "c2pa", List.of(manifest)).toBytes();
  }

  private List<Object> actions() {
    if (!edited) {
      return List.of(action("c2pa.created", "digitalSourceType", sourceType));
    }
    return List.of(
        action("c2pa.opened", "parameters", Map.of("ingredients", List.of(hashedUri(PARENT)))),
        action("c2pa.edited", "digitalSourceType", sourceType));
  }

  private Map<String, Object> action(String name, String field, Object value) {
    Map<String, Object> action = new LinkedHashMap<>();
    action.put("action", name);
    action.put("softwareAgent", generator);
    action.put(field, value);
    return action;
  }

  private static JumbfBox assertion(String label, Map<String, Object> content) {
    return JumbfBox.of(JumbfBox.CBOR, label, Cbor.write(content));
  }

  private static Map<String, Object> binding(byte[] hash, int start, int length) {
    Map<String, Object> exclusion = new LinkedHashMap<>();
    exclusion.put("start", start);
    exclusion.put("length", length);
    Map<String, Object> binding = new LinkedHashMap<>();
    binding.put("exclusions", List.of(exclusion));
    binding.put("name", "jumbf manifest");
    binding.put("alg", Claim.Hashes.DEFAULT);
    binding.put("hash", hash);
    binding.put("pad", new byte[0]);
    return binding;
  }

  private Map<String, Object> claim(String id, String label, List<JumbfBox> assertions) {
    Map<String, Object> claim = new LinkedHashMap<>();
    claim.put("instanceID", "xmp:iid:" + id);
    claim.put("claim_generator_info", generator);
    claim.put("signature", "self#jumbf=/c2pa/" + label + "/c2pa.signature");
    claim.put(
        "created_assertions", assertions.stream().map(ManifestWriter::hashedUri).toList());
    claim.put("alg", Claim.Hashes.DEFAULT);
    return claim;
  }

  private static Map<String, Object> hashedUri(JumbfBox assertion) {
    Map<String, Object> link = new LinkedHashMap<>();
    link.put("url", "self#jumbf=" + ASSERTIONS + "/" + assertion.label());
    link.put("hash", Claim.Hashes.sha256(assertion.payloadBytes()));
    return link;
  }

  private static UUID uuid(byte[] hash) {
    ByteBuffer bits = ByteBuffer.wrap(hash);
    return new UUID(
        bits.getLong() & ~0xf000L | VERSION_4, bits.getLong() & ~(0b11L << 62) | VARIANT);
  }
}
