package dev.likeness.provenance;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.decode.UnreadablePhotoException;
import dev.likeness.photos.internal.imagefile.ImageFile;
import dev.likeness.photos.internal.imagefile.XmpPacket;
import dev.likeness.provenance.c2pa.ManifestReader;
import dev.likeness.provenance.c2pa.ManifestReport;
import dev.likeness.provenance.signing.TrustAnchors;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * What an image file says of where it comes from. Reading it never reaches for the network.
 *
 * @param mediaType {@code image/png}, {@code image/jpeg} or {@code image/webp}
 * @param sourceType what XMP says, as an address of IPTC's
 * @param watermarkBits how many bits of the watermark the pixels show, 0 to 48; empty when there
 *     can be none
 * @param manifest the content credentials
 * @param remoteManifest where others lie, which are not fetched
 */
public record Provenance(
    String mediaType,
    Optional<String> sourceType,
    OptionalInt watermarkBits,
    Optional<ManifestReport> manifest,
    Optional<String> remoteManifest) {
  private static final int MAX_BYTES = 200_000_000;
  private static final int MAX_SIDE = 16384;

  /** What {@code file} carries, believing no signer in particular. */
  public static Provenance inspect(Path file) {
    return inspect(file, TrustAnchors.NONE);
  }

  /**
   * What {@code file} carries.
   *
   * @throws InvalidInputException when it cannot be read, or is no whole PNG, JPEG or WebP file
   */
  public static Provenance inspect(Path file, TrustAnchors anchors) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new InvalidInputException(
            file + " has more than 200 MB; give a PNG, JPEG or WebP file of usual size");
      }
      return of(bytes, anchors);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + e.getMessage(), e);
    } catch (NotAnImageException e) {
      throw new InvalidInputException(file + " " + e.getMessage(), e);
    }
  }

  /**
   * What the file with this content carries.
   *
   * @throws InvalidInputException when it is no whole PNG, JPEG or WebP file
   */
  public static Provenance of(byte[] bytes, TrustAnchors anchors) {
    ImageFile file = ImageFile.of(bytes).orElseThrow(NotAnImageException::new);
    XmpPacket xmp = file.xmp().map(XmpPacket::parse).orElse(XmpPacket.EMPTY);
    Optional<ManifestReport> manifest = new ManifestReader(anchors, Instant.now()).read(bytes);
    return new Provenance(
        file.mediaType(), xmp.sourceType(), watermark(bytes), manifest, xmp.remoteManifest());
  }

  private static OptionalInt watermark(byte[] bytes) {
    try {
      DecodeLimits limits = DecodeLimits.DEFAULT.withMaxBytes(MAX_BYTES).withMaxLongSide(MAX_SIDE);
      return Watermark.read(new PhotoDecoder(limits).decode("the image", bytes).image());
    } catch (UnreadablePhotoException withoutPixels) {
      return OptionalInt.empty();
    }
  }

  /** Whether the pixels carry the watermark. */
  public boolean isWatermarked() {
    return watermarkBits.orElse(0) >= Watermark.MIN_BITS;
  }

  /** Whether anything in the file says that a model made it or took part. */
  public boolean isDisclosed() {
    return isWatermarked()
        || sourceType.flatMap(DigitalSourceType::of).isPresent()
        || manifest.stream()
            .flatMap(report -> report.actions().stream())
            .anyMatch(a -> DigitalSourceType.of(a.sourceType()).isPresent());
  }

  /**
   * Whether the file or its manifest was changed after signing, or the manifest cannot be read; a
   * file without manifest cannot tell.
   */
  public boolean isAltered() {
    return manifest.filter(ManifestReport::isAltered).isPresent();
  }

  /**
   * Whether a certificate that signed is not valid now, and nothing vouches that it was when it
   * signed.
   */
  public boolean isExpired() {
    return manifest.filter(ManifestReport::isExpired).isPresent();
  }

  /**
   * The facts as plain maps, lists, strings, numbers and nulls, under the names that JSON has them
   * by.
   */
  public Map<String, Object> toMap() {
    return ProvenanceText.facts(this);
  }

  /** The facts as one JSON object. */
  public String toJson() {
    return ProvenanceText.json(this);
  }

  /** The facts, one line each, for people. */
  @Override
  public String toString() {
    return ProvenanceText.lines(this);
  }

  private static final class NotAnImageException extends InvalidInputException {
    private static final long serialVersionUID = 1L;

    NotAnImageException() {
      super("is no PNG, JPEG or WebP file; give one of these");
    }
  }

  /** Provenance in words, for people and for programs. */
  static final class ProvenanceText {
    private ProvenanceText() {}

    /** The facts under the names that JSON has them by. */
    static Map<String, Object> facts(Provenance provenance) {
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("media_type", provenance.mediaType());
      facts.put("disclosed", provenance.isDisclosed());
      facts.put("altered", provenance.isAltered());
      facts.put("expired", provenance.isExpired());
      facts.put("digital_source_type", provenance.sourceType().orElse(null));
      facts.put("watermark", provenance.isWatermarked());
      facts.put(
          "watermark_bits",
          provenance.watermarkBits().isPresent() ? provenance.watermarkBits().getAsInt() : null);
      facts.put("manifest", provenance.manifest().map(ProvenanceText::manifest).orElse(null));
      facts.put("remote_manifest", provenance.remoteManifest().orElse(null));
      return facts;
    }

    static String json(Provenance provenance) {
      try {
        return JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES).asString(facts(provenance));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static Map<String, Object> manifest(ManifestReport report) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("state", report.state().name().toLowerCase(Locale.ROOT));
      map.put("label", report.activeManifest());
      map.put("generator", report.generator());
      map.put(
          "signer",
          report
              .signer()
              .map(signer -> signer.name() + " (" + signer.algorithm() + ")")
              .orElse(null));
      map.put(
          "signer_valid_from",
          report.signer().map(signer -> signer.validFrom().toString()).orElse(null));
      map.put(
          "signer_valid_until",
          report.signer().map(signer -> signer.validUntil().toString()).orElse(null));
      map.put(
          "actions",
          report.actions().stream()
              .map(action -> action.sourceType().isEmpty()
                  ? Map.of("action", action.name())
                  : Map.of("action", action.name(), "digital_source_type", action.sourceType()))
              .toList());
      map.put(
          "findings", report.findings().stream().map(ProvenanceText::finding).toList());
      map.put(
          "ingredient_findings",
          report.ingredients().stream().map(ProvenanceText::finding).toList());
      return map;
    }

    private static Map<String, Object> finding(ManifestReport.Finding finding) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("code", finding.code());
      map.put("kind", finding.kind().name().toLowerCase(Locale.ROOT));
      map.put("url", finding.url());
      return map;
    }

    static String lines(Provenance provenance) {
      Map<String, Object> lines = new LinkedHashMap<>();
      lines.put(
          "disclosed",
          provenance.isDisclosed() ? "yes: says that a model made it or took part" : "no");
      lines.put("source type", provenance.sourceType().orElse("not said in XMP"));
      lines.put(
          "watermark",
          provenance.watermarkBits().isEmpty()
              ? "none: the image is too small, or unreadable"
              : (provenance.isWatermarked() ? "yes, " : "no, ")
                  + provenance.watermarkBits().getAsInt() + " of 48 bits");
      provenance
          .manifest()
          .ifPresentOrElse(report -> manifest(lines, report), () -> lines.put("manifest", "none"));
      provenance.remoteManifest().ifPresent(url -> lines.put("elsewhere", url + " (not fetched)"));
      return lines.entrySet().stream()
          .map(line -> String.format(Locale.ROOT, "%-12s %s", line.getKey(), line.getValue()))
          .collect(Collectors.joining(System.lineSeparator()));
    }

    private static void manifest(Map<String, Object> lines, ManifestReport report) {
      lines.put("manifest", report.verdict());
      report
          .signer()
          .ifPresent(
              signer -> lines.put("signer", signer.name() + " (" + signer.algorithm() + ")"));
      lines.put("made by", report.generator());
      lines.put(
          "actions",
          report.actions().stream()
              .map(action -> (action.name() + " " + action.sourceType()).strip())
              .collect(Collectors.joining(", ")));
    }
  }
}
