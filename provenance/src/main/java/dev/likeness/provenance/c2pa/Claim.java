package dev.likeness.provenance.c2pa;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A manifest of a store, with its parsed claim.
 *
 * @param manifest the whole box
 * @param content the bytes of the claim
 * @param fields the parsed claim
 */
record Claim(JumbfBox manifest, byte[] content, Map<String, Object> fields) {
  private static final String PREFIX = "self#jumbf=";
  private static final List<String> LINKS =
      List.of("assertions", "created_assertions", "gathered_assertions");

  /** A claim's reference to a box: its URL and hash. */
  record Link(String url, String name, byte[] hash, Object algorithm) {}

  static Claim of(JumbfBox manifest) throws JumbfBox.MalformedManifest {
    List<JumbfBox> claims = manifest.boxes().stream()
        .filter(box -> box.kind().equals(JumbfBox.CLAIM))
        .toList();
    if (claims.size() != 1) {
      throw new JumbfBox.MalformedManifest(
          "the manifest has " + claims.size() + " claims instead of one");
    }
    byte[] content = claims.get(0).content();
    return new Claim(manifest, content, Cbor.map(content));
  }

  String label() {
    return manifest.label();
  }

  boolean isUpdate() {
    return manifest.kind().equals(JumbfBox.UPDATE_MANIFEST);
  }

  /** Returns the URL of a box of this manifest. */
  String url(String path) {
    return PREFIX + "/c2pa/" + label() + "/" + path;
  }

  Optional<JumbfBox> signature() {
    return manifest.boxes().stream()
        .filter(box -> box.kind().equals(JumbfBox.SIGNATURE))
        .findFirst();
  }

  /** Returns all assertions in the manifest, including those that the claim does not name. */
  List<JumbfBox> assertions() {
    return manifest.boxes().stream()
        .filter(box -> box.kind().equals(JumbfBox.ASSERTIONS))
        .flatMap(box -> box.boxes().stream())
        .toList();
  }

  /**
   * The assertions of a kind: {@code c2pa.ingredient} also has {@code c2pa.ingredient.v3} and
   * {@code …__1}.
   */
  List<JumbfBox> assertions(String kind) {
    return assertions().stream()
        .filter(box -> box.label().equals(kind)
            || box.label().startsWith(kind + ".v")
            || box.label().startsWith(kind + "__"))
        .toList();
  }

  /** Returns the claim's references to its assertions. */
  List<Link> links() {
    List<Link> links = new ArrayList<>();
    for (String field : LINKS) {
      for (Object entry : fields.get(field) instanceof List<?> list ? list : List.of()) {
        link(entry).ifPresent(links::add);
      }
    }
    return links;
  }

  /** Parses a hashed URI of a claim or an ingredient; empty if the value is none. */
  static Optional<Link> link(Object value) {
    if (value instanceof Map<?, ?> map
        && map.get("url") instanceof String url
        && map.get("hash") instanceof byte[] hash) {
      return Optional.of(
          new Link(url, url.substring(url.lastIndexOf('/') + 1), hash, map.get("alg")));
    }
    return Optional.empty();
  }

  /**
   * Returns the label of the manifest that a URL points into; empty for a URL within its own
   * manifest.
   */
  static String manifestLabel(String url) {
    String path = url.startsWith(PREFIX) ? url.substring(PREFIX.length()) : url;
    String[] parts = (path.startsWith("/") ? path.substring(1) : path).split("/");
    return parts.length > 1 && parts[0].equals("c2pa") ? parts[1] : "";
  }

  /** Returns name and version of the program that made the claim; empty if not given. */
  String generator() {
    Object info = fields.get("claim_generator_info");
    Object first = info instanceof List<?> list && !list.isEmpty() ? list.get(0) : info;
    if (first instanceof Map<?, ?> map && map.get("name") instanceof String name) {
      return map.get("version") instanceof String version ? name + " " + version : name;
    }
    return fields.get("claim_generator") instanceof String text ? text : "";
  }

  /** The digests that C2PA names (specification 2.1, 13.1). */
  static final class Hashes {
    static final String DEFAULT = "sha256";
    private static final Map<String, String> NAMES =
        Map.of(DEFAULT, "SHA-256", "sha384", "SHA-384", "sha512", "SHA-512");

    private Hashes() {}

    /** Returns the digest that a manifest calls {@code name}; empty if C2PA does not know it. */
    static Optional<MessageDigest> find(Object name) {
      return name instanceof String text
          ? Optional.ofNullable(NAMES.get(text)).map(Hashes::digest)
          : Optional.empty();
    }

    /** Hashes {@code bytes} with the algorithm of new manifests. */
    static byte[] sha256(byte[] bytes) {
      return digest(NAMES.get(DEFAULT)).digest(bytes);
    }

    private static MessageDigest digest(String name) {
      try {
        return MessageDigest.getInstance(name);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has " + name, e);
      }
    }
  }
}
