package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.style.HeadshotCrop;
import dev.likeness.provenance.Disclosure;
import dev.likeness.provenance.Provenance;
import dev.likeness.provenance.c2pa.ManifestReport;
import dev.likeness.provenance.signing.TrustAnchors;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Files of headshots to download, and the credentials that a file carries. */
public final class Exports {
  private static final int MAX_LABEL = 60;

  private final Studio studio;

  Exports(Studio studio) {
    this.studio = studio;
  }

  /** A file to download. */
  public record File(String name, String type, byte[] content) {}

  /**
   * Returns a headshot as a file, marked as generated.
   *
   * @param crop a format of {@link HeadshotCrop#ratio}; empty for the whole image
   * @param format png, jpeg or webp
   * @param label visible text in the image; may be empty
   */
  public File export(String person, int number, String crop, String format, String label) {
    ImageFormat as = ImageFormat.parse(format.isEmpty() ? "png" : format);
    if (label.length() > MAX_LABEL) {
      throw new InvalidInputException(
          "the label has more than " + MAX_LABEL + " characters; give a shorter one");
    }
    String name = "headshot-" + String.format(Locale.ROOT, "%03d", number)
        + (crop.isEmpty() ? "" : "-" + crop.replaceAll("[^a-z0-9]", "-")) + "." + as.extension();
    String type = "image/" + (as == ImageFormat.JPEG ? "jpeg" : as.extension());
    if (crop.isEmpty() && label.isBlank() && as == ImageFormat.PNG) {
      return new File(name, type, studio.images().image(person, number));
    }
    RgbImage image = studio.images().pixels(person, number);
    RgbImage cropped = crop.isEmpty() ? image : crop(image, crop);
    Disclosure plain = studio.disclosure().edited(studio.images().isEdited(person, number));
    Disclosure marking = label.isBlank() ? plain : plain.label(label.strip());
    return new File(name, type, marking.encode(cropped, as));
  }

  private RgbImage crop(RgbImage image, String crop) {
    return HeadshotCrop.of(image, crop, studio.workshop().tools().detector())
        .orElseThrow(() -> new InvalidInputException(
            "no face was found in this image, so it cannot be cropped; export it as generated"))
        .of(image, crop);
  }

  /** Returns what a file says about its origin, as any program can verify it. */
  public Map<String, Object> verify(byte[] file) {
    Provenance found = Provenance.inspect("the file", file, TrustAnchors.NONE);
    Map<String, Object> result = new LinkedHashMap<>(found.toMap());
    result.put("disclosed", found.isDisclosed());
    result.put("altered", found.isAltered());
    result.put("watermarked", found.isWatermarked());
    result.put("signed", found.manifest().isPresent());
    result.put("development_key", studio.disclosure().signer().isEmpty());
    found
        .manifest()
        .flatMap(ManifestReport::signer)
        .ifPresent(signer -> result.put("signer", signer.name()));
    return result;
  }
}
