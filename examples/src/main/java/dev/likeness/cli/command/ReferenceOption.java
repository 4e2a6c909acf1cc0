package dev.likeness.cli.command;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;

/**
 * A reference picture and how strongly it counts, as {@code IMAGE} or {@code IMAGE@WEIGHT}.
 *
 * @param file the picture
 * @param weight 1 is full strength, 0 none
 */
record ReferenceOption(Path file, double weight) {
  /** The picture, upright: photos say by a mark how they were held. */
  RgbImage picture() {
    try {
      return new PhotoDecoder(DecodeLimits.DEFAULT)
          .decode(file.toString(), Files.readAllBytes(file))
          .picture();
    } catch (IOException e) {
      throw new InvalidInputException(
          "the reference " + file + " cannot be read: " + e.getMessage()
              + "; give a picture's file",
          e);
    }
  }

  /** Reads the text of an option, as {@link WeightedFile.Parser} does. */
  static final class Parser implements ITypeConverter<ReferenceOption> {
    @Override
    public ReferenceOption convert(String text) {
      WeightedFile weighted = new WeightedFile.Parser().convert(text);
      return new ReferenceOption(weighted.file(), weighted.weight());
    }
  }
}
