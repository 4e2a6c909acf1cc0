package dev.likeness.provenance.c2pa;

import dev.likeness.photos.internal.imagefile.ImageFile;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Checks that a file is still the one that its claim was made for (C2PA specification 2.1, section
 * 15.12).
 */
final class HardBinding {
  private static final String DATA = "c2pa.hash.data";
  private static final String BOXES = "c2pa.hash.boxes";

  private final ImageFile file;

  HardBinding(ImageFile file) {
    this.file = file;
  }

  /** Returns the hash assertions that bind {@code claim} to a file. */
  static List<JumbfBox> of(Claim claim) {
    List<JumbfBox> bindings = new ArrayList<>(claim.assertions(DATA));
    bindings.addAll(claim.assertions(BOXES));
    return bindings;
  }

  /**
   * Compares the file with the hashes of {@code claim}.
   *
   * @param updated true if later manifests were added, so that the excluded manifest may have grown
   */
  void check(Claim claim, boolean updated, ManifestReport.Findings findings) {
    List<JumbfBox> bindings = of(claim);
    if (bindings.isEmpty()) {
      findings.failure("claim.hardBindings.missing", claim.url("c2pa.claim"));
      return;
    }
    if (bindings.size() > 1) {
      findings.failure("assertion.multipleHardBindings", claim.url("c2pa.claim"));
      return;
    }
    JumbfBox binding = bindings.get(0);
    String url = claim.url("c2pa.assertions/" + binding.label());
    try {
      Map<String, Object> fields = Cbor.map(binding.content());
      boolean boxes = binding.label().startsWith(BOXES);
      Optional<Boolean> same =
          boxes ? checkBoxes(fields, claim) : checkData(fields, claim, exclusions(fields, updated));
      if (!boxes && excludesMore(exclusions(fields, updated))) {
        findings.informational("assertion.dataHash.additionalExclusionsPresent", url);
      }
      if (same.isEmpty()) {
        findings.failure("algorithm.unsupported", url);
      } else if (same.get()) {
        findings.success(boxes ? "assertion.boxesHash.match" : "assertion.dataHash.match", url);
      } else {
        findings.failure(
            boxes ? "assertion.boxesHash.mismatch" : "assertion.dataHash.mismatch", url);
      }
    } catch (JumbfBox.MalformedManifest e) {
      findings.failure("assertion.dataHash.malformed", url);
    }
  }

  private Optional<Boolean> checkData(
      Map<String, Object> fields, Claim claim, List<long[]> excluded) {
    Optional<MessageDigest> digest =
        Claim.Hashes.find(fields.getOrDefault("alg", claim.fields().get("alg")));
    if (digest.isEmpty()) {
      return Optional.empty();
    }
    int at = 0;
    for (long[] range : excluded) {
      if (range[0] < at || range[1] < 0 || range[0] + range[1] > file.bytes().length) {
        return Optional.of(false);
      }
      digest.get().update(file.bytes(), at, (int) range[0] - at);
      at = (int) (range[0] + range[1]);
    }
    digest.get().update(file.bytes(), at, file.bytes().length - at);
    return Optional.of(Arrays.equals(digest.get().digest(), bytes(fields.get("hash"))));
  }

  private List<long[]> exclusions(Map<String, Object> fields, boolean updated)
      throws JumbfBox.MalformedManifest {
    List<long[]> ranges = new ArrayList<>();
    for (Object entry : fields.get("exclusions") instanceof List<?> list ? list : List.of()) {
      if (!(entry instanceof Map<?, ?> map
          && map.get("start") instanceof Number start
          && map.get("length") instanceof Number length)) {
        throw new JumbfBox.MalformedManifest("an exclusion without start and length");
      }
      ranges.add(new long[] {
        start.longValue(), allowedLength(start.longValue(), length.longValue(), updated)
      });
    }
    ranges.sort(Comparator.comparingLong(range -> range[0]));
    return ranges;
  }

  private boolean excludesMore(List<long[]> ranges) {
    Optional<ImageFile.Part> manifest = file.manifestPart();
    return ranges.stream()
        .anyMatch(range -> manifest.isEmpty()
            || range[0] < manifest.get().start()
            || range[0] + range[1] > manifest.get().end());
  }

  private long allowedLength(long start, long length, boolean updated) {
    return file.manifestPart()
        .filter(part -> updated && part.start() == start)
        .map(part -> (long) part.end() - part.start())
        .orElse(length);
  }

  private Optional<Boolean> checkBoxes(Map<String, Object> fields, Claim claim)
      throws JumbfBox.MalformedManifest {
    List<ImageFile.Part> parts = file.parts();
    List<?> boxes = fields.get("boxes") instanceof List<?> list ? list : List.of();
    int next = startOf(boxes, parts);
    for (Object entry : boxes) {
      if (!(entry instanceof Map<?, ?> box
          && box.get("names") instanceof List<?> names
          && !names.isEmpty())) {
        throw new JumbfBox.MalformedManifest("a hashed box without names");
      }
      int first = next;
      for (Object name : names) {
        if (next >= parts.size() || !parts.get(next).name().equals(name)) {
          return Optional.of(false);
        }
        next++;
      }
      if (names.equals(List.of(ImageFile.Part.MANIFEST))
          || Boolean.TRUE.equals(box.get("excluded"))) {
        continue;
      }
      Object alg = box.get("alg") != null
          ? box.get("alg")
          : fields.getOrDefault("alg", claim.fields().get("alg"));
      Optional<MessageDigest> digest = Claim.Hashes.find(alg);
      if (digest.isEmpty()) {
        return Optional.empty();
      }
      int start = parts.get(first).start();
      digest.get().update(file.bytes(), start, parts.get(next - 1).end() - start);
      if (!Arrays.equals(digest.get().digest(), bytes(box.get("hash")))) {
        return Optional.of(false);
      }
    }
    return Optional.of(next == parts.size());
  }

  // Some writers do not hash the PNG signature.
  private static int startOf(List<?> boxes, List<ImageFile.Part> parts) {
    boolean png = parts.get(0).name().equals("PNGh");
    boolean named = !boxes.isEmpty()
        && boxes.get(0) instanceof Map<?, ?> box
        && box.get("names") instanceof List<?> names
        && names.contains("PNGh");
    return png && !named ? 1 : 0;
  }

  private static byte[] bytes(Object value) {
    return value instanceof byte[] bytes ? bytes : new byte[0];
  }
}
