package dev.likeness.provenance;

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a picture file says of where it comes from. Reading it never reaches for the network.
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
  private static final int LARGEST = 200_000_000;
  private static final int LONGEST_SIDE = 16384;

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
      byte[] bytes = in.readNBytes(LARGEST + 1);
      if (bytes.length > LARGEST) {
        throw new InvalidInputException(
            file + " has more than 200 MB; give a PNG, JPEG or WebP file of usual size");
      }
      return of(bytes, anchors);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + e.getMessage(), e);
    } catch (NotAPicture e) {
      throw new InvalidInputException(file + " " + e.getMessage(), e);
    }
  }

  /**
   * What the file with this content carries.
   *
   * @throws InvalidInputException when it is no whole PNG, JPEG or WebP file
   */
  public static Provenance of(byte[] bytes, TrustAnchors anchors) {
    ImageFile file = ImageFile.of(bytes).orElseThrow(NotAPicture::new);
    XmpPacket xmp = file.xmp().map(XmpPacket::parse).orElse(XmpPacket.NONE);
    Optional<ManifestReport> manifest = new ManifestReader(anchors, Instant.now()).read(file);
    return new Provenance(
        file.mediaType(), xmp.sourceType(), watermark(bytes), manifest, xmp.remoteManifest());
  }

  private static OptionalInt watermark(byte[] bytes) {
    try {
      DecodeLimits limits = DecodeLimits.DEFAULT.withBytes(LARGEST).withLongSide(LONGEST_SIDE);
      return Watermark.read(
          new PhotoDecoder(limits).decode("the picture", bytes).picture());
    } catch (UnreadablePhotoException withoutPixels) {
      return OptionalInt.empty();
    }
  }

  /** Whether the pixels carry the watermark. */
  public boolean isWatermarked() {
    return watermarkBits.orElse(0) >= Watermark.ENOUGH;
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

  private static final class NotAPicture extends InvalidInputException {
    private static final long serialVersionUID = 1L;

    NotAPicture() {
      super("is no PNG, JPEG or WebP file; give one of these");
    }
  }
}
