package dev.likeness.provenance.c2pa;

import dev.likeness.diffusion.request.Cancellation;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A manifest of a store, with its parsed claim (C2PA specification 2.1, 11.1). A manifest with
 * labels or types other than those of C2PA is malformed.
 *
 * @param manifest the whole box
 * @param content the bytes of the claim
 * @param fields the parsed claim
 * @param assertions all assertions in the manifest, including those that the claim does not name
 * @param boxes the boxes beside the assertions, by label
 */
record Claim(
    JumbfBox manifest,
    byte[] content,
    Map<String, Object> fields,
    List<JumbfBox> assertions,
    Map<String, JumbfBox> boxes) {
  static final String SIGNATURE = "c2pa.signature";

  private static final String PREFIX = "self#jumbf=";
  private static final String STORE = PREFIX + "/c2pa/";
  private static final String FOLDER = "c2pa.assertions";
  private static final String FIRST_CLAIM = "c2pa.claim";
  private static final String SECOND_CLAIM = "c2pa.claim.v2";
  private static final String FIRST_LINKS = "assertions";
  private static final List<String> SECOND_LINKS =
      List.of("created_assertions", "gathered_assertions");
  private static final Set<String> CREDENTIALS = Set.of("c2pa.credentials", "c2pa.databoxes");
  // What no claim may remove (specification 2.1, 6.8).
  private static final List<String> PROTECTED = List.of("c2pa.actions", "c2pa.hash.");
  private static final int MAX_URL = 1024;

  /**
   * A claim's reference to a box.
   *
   * @param url the address of the box
   * @param hash its digest
   * @param algorithm the name of the digest; null for that of the claim
   */
  record Link(String url, byte[] hash, @Nullable Object algorithm) {}

  static Claim of(JumbfBox manifest) throws JumbfBox.MalformedManifest {
    if (!manifest.isPlain() || !manifest.contents().isEmpty()) {
      throw new JumbfBox.MalformedManifest("a manifest with boxes that C2PA does not define");
    }
    Map<String, JumbfBox> boxes = new HashMap<>();
    for (JumbfBox box : manifest.boxes()) {
      if (!isKnown(box) || boxes.put(box.label(), box) != null) {
        throw new JumbfBox.MalformedManifest(
            "a manifest with a box that C2PA does not define, or with two boxes of one label");
      }
    }
    JumbfBox assertions = boxes.remove(FOLDER);
    boolean second = boxes.containsKey(SECOND_CLAIM);
    JumbfBox claim = boxes.get(second ? SECOND_CLAIM : FIRST_CLAIM);
    if (assertions == null || claim == null || second && boxes.containsKey(FIRST_CLAIM)) {
      throw new JumbfBox.MalformedManifest(
          "a manifest without assertions, or without exactly one claim");
    }
    byte[] content = claim.onlyCbor();
    Map<String, Object> fields = Cbor.map(content);
    boolean old =
        fields.containsKey(FIRST_LINKS) || manifest.kind().equals(JumbfBox.STANDARD_MANIFEST);
    if (second && old || !second && SECOND_LINKS.stream().anyMatch(fields::containsKey)) {
      throw new JumbfBox.MalformedManifest("a claim whose version differs from its label");
    }
    return new Claim(manifest, content, fields, assertions.boxes(), boxes);
  }

  private static boolean isKnown(JumbfBox box) {
    return switch (box.kind()) {
      case JumbfBox.ASSERTIONS ->
        box.is(JumbfBox.ASSERTIONS, FOLDER) && box.contents().isEmpty();
      case JumbfBox.CLAIM ->
        box.is(JumbfBox.CLAIM, FIRST_CLAIM) || box.is(JumbfBox.CLAIM, SECOND_CLAIM);
      case JumbfBox.SIGNATURE -> box.is(JumbfBox.SIGNATURE, SIGNATURE);
      case "c2vc" -> box.is("c2vc", "c2pa.credentials");
      case "c2db" -> box.is("c2db", "c2pa.databoxes");
      default -> false;
    };
  }

  String label() {
    return manifest.label();
  }

  boolean isUpdate() {
    return manifest.kind().equals(JumbfBox.UPDATE_MANIFEST);
  }

  /** Returns the URL of a box of this manifest. */
  String url(String path) {
    return STORE + label() + "/" + path;
  }

  /** The signature box, if it lies where the claim says. */
  Optional<JumbfBox> signature() {
    return fields.get("signature") instanceof String url
        ? find(url).filter(box -> box.kind().equals(JumbfBox.SIGNATURE))
        : Optional.empty();
  }

  /**
   * The assertions of a kind: {@code c2pa.ingredient} also has {@code c2pa.ingredient.v3} and
   * {@code …__1}.
   */
  List<JumbfBox> assertions(String kind) {
    return assertions.stream()
        .filter(box -> box.label().equals(kind)
            || box.label().startsWith(kind + ".v")
            || box.label().startsWith(kind + "__"))
        .toList();
  }

  /** Returns the claim's references to its assertions. */
  List<Link> links() throws JumbfBox.MalformedManifest {
    List<Link> links = new ArrayList<>();
    List<String> names = new ArrayList<>(SECOND_LINKS);
    names.add(FIRST_LINKS);
    for (String field : names) {
      Object list = fields.getOrDefault(field, List.of());
      for (Object entry : list instanceof List<?> entries ? entries : List.of()) {
        links.add(link(entry)
            .orElseThrow(() -> new JumbfBox.MalformedManifest(
                "a claim that names an assertion without its hash")));
      }
    }
    return links;
  }

  /** Parses a hashed URI of a claim or an ingredient; empty if the value is none. */
  static Optional<Link> link(Object value) {
    if (value instanceof Map<?, ?> map
        && map.get("url") instanceof String url
        && url.length() <= MAX_URL
        && map.get("hash") instanceof byte[] hash) {
      return Optional.of(new Link(url, hash, map.get("alg")));
    }
    return Optional.empty();
  }

  /**
   * Returns the label of the assertion that an address in this manifest points to (specification
   * 2.1, 8.3); empty for any other address.
   */
  Optional<String> assertionLabel(String url) {
    return path(url)
        .filter(path -> path.startsWith(FOLDER + "/"))
        .map(path -> path.substring(FOLDER.length() + 1))
        .filter(label -> !label.isEmpty() && label.indexOf('/') < 0);
  }

  /** Returns the box of this manifest, not an assertion, that an address points to. */
  Optional<JumbfBox> find(String url) {
    return path(url)
        .filter(path -> !CREDENTIALS.contains(path))
        .flatMap(
            path -> path.isEmpty() ? Optional.of(manifest) : Optional.ofNullable(boxes.get(path)));
  }

  // Addresses are relative to their manifest, or begin with the store.
  private Optional<String> path(String url) {
    String own = STORE + label();
    if (url.equals(own)) {
      return Optional.of("");
    }
    if (url.startsWith(own + "/")) {
      return Optional.of(url.substring(own.length() + 1));
    }
    return url.startsWith(PREFIX) && !url.startsWith(PREFIX + "/")
        ? Optional.of(url.substring(PREFIX.length()))
        : Optional.empty();
  }

  /** Returns the absolute form of an address that may be relative to a manifest. */
  static String absolute(String url, String manifest) {
    return url.startsWith(PREFIX) && !url.startsWith(PREFIX + "/")
        ? STORE + manifest + "/" + url.substring(PREFIX.length())
        : url;
  }

  /** Returns the addresses of assertions that this claim removed from other manifests. */
  List<String> redactions() {
    Object list = fields.getOrDefault("redacted_assertions", List.of());
    return (list instanceof List<?> entries ? entries : List.of())
        .stream()
            .filter(String.class::isInstance)
            .map(entry -> absolute((String) entry, label()))
            .filter(url -> !manifestLabel(url).equals(label()))
            .filter(url ->
                PROTECTED.stream().noneMatch(kind -> url.contains("/" + FOLDER + "/" + kind)))
            .toList();
  }

  /** Returns the label of the manifest that an address begins with; empty for other addresses. */
  static String manifestLabel(String url) {
    String path = url.startsWith(STORE) ? url.substring(STORE.length()) : "";
    int end = path.indexOf('/');
    return end < 0 ? path : path.substring(0, end);
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

  /**
   * The digests of one validation: each box is hashed once, signatures are counted, and work ends
   * when it is cancelled.
   */
  static final class Hashes {
    static final String DEFAULT = "sha256";
    private static final Map<String, String> NAMES =
        Map.of(DEFAULT, "SHA-256", "sha384", "SHA-384", "sha512", "SHA-512");
    private static final int CHUNK = 1 << 20;
    private static final int MAX_LINKS = 10_000;
    private static final int MAX_SIGNATURES = 3_000;

    private final Cancellation cancellation;
    private final Map<JumbfBox, Map<Object, byte[]>> known = new IdentityHashMap<>();
    private int links;
    private int signatures;

    Hashes(Cancellation cancellation) {
      this.cancellation = cancellation;
    }

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
        throw new IllegalStateException(
            "this Java has no " + name + "; use a complete Java 17 or later", e);
      }
    }

    /** The digest of a box; empty for digests that C2PA does not know. */
    Optional<byte[]> of(JumbfBox box, Object algorithm) throws JumbfBox.MalformedManifest {
      countLinks(1);
      Map<Object, byte[]> digests = known.computeIfAbsent(box, key -> new HashMap<>());
      Optional<MessageDigest> digest = find(algorithm);
      if (digest.isPresent() && !digests.containsKey(algorithm)) {
        update(digest.get(), box.payload());
        digests.put(algorithm, digest.get().digest());
      }
      return digest.map(any -> digests.get(algorithm));
    }

    /** Counts hashed addresses that are about to be checked. */
    void countLinks(int number) throws JumbfBox.MalformedManifest {
      links += number;
      count(links, MAX_LINKS, "hashed addresses");
    }

    /** Adds {@code bytes} to a digest. */
    void update(MessageDigest digest, ByteBuffer bytes) {
      for (int at = bytes.position(); at < bytes.limit(); at += CHUNK) {
        cancellation.throwIfCancelled();
        digest.update(bytes.slice(at, Math.min(CHUNK, bytes.limit() - at)));
      }
    }

    /** Counts signatures that are about to be checked. */
    void countSignatures(int number) throws JumbfBox.MalformedManifest {
      signatures += number;
      count(signatures, MAX_SIGNATURES, "signatures to check");
    }

    private void count(int number, int limit, String what) throws JumbfBox.MalformedManifest {
      cancellation.throwIfCancelled();
      if (number > limit) {
        throw new JumbfBox.MalformedManifest("more than " + limit + " " + what);
      }
    }
  }
}
