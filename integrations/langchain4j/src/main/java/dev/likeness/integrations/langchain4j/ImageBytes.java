package dev.likeness.integrations.langchain4j;

import dev.langchain4j.data.image.Image;
import dev.likeness.diffusion.image.RgbImage;
import java.net.URI;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of an image file in an {@link Image} of LangChain4j.
 *
 * @param name the name of the image in error messages
 * @param file the bytes of the file
 */
record ImageBytes(String name, byte[] file) {
  private static final String FORMS = "give base64Data, or a data: URL with base64";

  static ImageBytes of(String name, @Nullable Image image) {
    if (image == null) {
      throw new IllegalArgumentException("the " + name + " is null; " + FORMS);
    }
    String text = image.base64Data() == null
        ? base64(name, image.url())
        : image.base64Data().strip();
    try {
      return new ImageBytes(name, Base64.getMimeDecoder().decode(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the " + name + " is not valid base64; " + FORMS, e);
    }
  }

  // An address may come from a user or a language model, so nothing is loaded from it.
  private static String base64(String name, @Nullable URI url) {
    if (url == null) {
      throw new IllegalArgumentException("the " + name + " has no data; " + FORMS);
    }
    String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
    String content = url.getSchemeSpecificPart();
    int comma = content.indexOf(',');
    if (!scheme.equals("data") || comma < 0 || !content.substring(0, comma).endsWith(";base64")) {
      throw new IllegalArgumentException("the " + name + " has a URL that is not a data: URL with"
          + " base64; other URLs are not loaded, so load the file yourself, and " + FORMS);
    }
    return content.substring(comma + 1);
  }

  RgbImage image() {
    return RgbImage.read(name, file);
  }

  /** The mask, whose white pixels mark the part to generate. */
  RgbImage mask() {
    RgbImage alpha = RgbImage.readAlpha(name, file);
    byte[] transparency = alpha.rgb();
    boolean isTransparent = false;
    for (int i = 0; i < transparency.length; i++) {
      transparency[i] = (byte) (255 - (transparency[i] & 255));
      isTransparent |= transparency[i] != 0;
    }
    return isTransparent
        ? RgbImage.of(alpha.width(), alpha.height(), transparency)
        : RgbImage.readMask(name, file);
  }
}
