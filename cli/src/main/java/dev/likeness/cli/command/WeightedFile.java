package dev.likeness.cli.command;

import dev.likeness.cli.paths.CommandPaths;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.imagefile.ImageFileReader;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.ipadapter.IpAdapterFile;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraWeight;
import dev.likeness.lora.internal.file.LoraFile;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A LoRA file with a weight, as {@code FILE}, {@code FILE@WEIGHT} or {@code FILE@WEIGHT:BLOCKS}.
 *
 * @param file the file
 * @param weight 1 for full strength, 0 for none
 * @param blocks the block weights of {@link LoraWeight#blocks}, or null
 */
record WeightedFile(Path file, double weight, String blocks) implements CommandPaths.HasPath {
  private static final Pattern WEIGHTED = Pattern.compile("(.+)@([^@/]*)");

  WeightedFile(Path file, double weight) {
    this(file, weight, null);
  }

  /** Refuses a file that is no LoRA by its header, before a base is opened for it. */
  void requireReadable() {
    requireReadable(file);
  }

  /** Refuses a LoRA file, or a folder with one, that cannot be read. */
  static void requireReadable(Path lora) {
    LoraFile.open(LoraFile.weights(lora)).close();
  }

  Adapter adapter(Lora lora) {
    LoraWeight whole = LoraWeight.of(weight);
    return lora.at(blocks == null ? whole : whole.blocks(blocks));
  }

  /** Parses an option; a file whose own name contains {@code @} is used as it is. */
  static final class Parser implements ITypeConverter<WeightedFile> {
    @Override
    public WeightedFile convert(String text) {
      Matcher weighted = WEIGHTED.matcher(text);
      if (!weighted.matches() || Files.exists(Path.of(text))) {
        return new WeightedFile(Path.of(text), 1);
      }
      String said = weighted.group(2);
      int end = said.indexOf(':');
      try {
        double weight = Double.parseDouble(end < 0 ? said : said.substring(0, end));
        if (!Float.isFinite((float) weight)) {
          throw new NumberFormatException();
        }
        String blocks = end < 0 ? null : said.substring(end + 1);
        if (blocks != null) {
          requireBlocks(blocks);
        }
        return new WeightedFile(Path.of(weighted.group(1)), weight, blocks);
      } catch (NumberFormatException e) {
        throw new TypeConversionException("\"" + weighted.group(2)
            + "\" is not a number; give FILE@WEIGHT with a number such as 0.8");
      }
    }
  }

  private static void requireBlocks(String blocks) {
    try {
      LoraWeight.of(1).blocks(blocks);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  /**
   * A reference image with a weight, as {@code IMAGE} or {@code IMAGE@WEIGHT}.
   *
   * @param file the image
   * @param weight 1 for full strength, 0 for none
   * @param isStated false if the user gives no weight
   */
  record ReferenceOption(Path file, double weight, boolean isStated)
      implements CommandPaths.HasPath {
    ReferenceOption(Path file, double weight) {
      this(file, weight, true);
    }

    /**
     * Returns the stated weight, or that of the catalogue, or that of the adapter's authors, or 1.
     */
    double weight(OptionalDouble catalogued, IpAdapterFile.Kind kind) {
      return isStated ? weight : catalogued.orElse(kind.weight().orElse(weight));
    }

    /**
     * Reads the image and turns it upright by its EXIF orientation. As in diffusers, transparency
     * does not count.
     */
    RgbImage readImage() {
      try {
        return new PhotoDecoder(DecodeLimits.DEFAULT)
            .withStoredColours()
            .decode(
                file.toString(), ImageFileReader.readBytes(file, DecodeLimits.DEFAULT.maxBytes()))
            .image();
      } catch (IOException e) {
        throw new InvalidInputException(
            "cannot read the reference " + file + ": " + Quoted.reason(e) + "; give an image file",
            e);
      }
    }

    /** Parses an option, as {@link WeightedFile.Parser} does. */
    static final class Parser implements ITypeConverter<ReferenceOption> {
      @Override
      public ReferenceOption convert(String text) {
        WeightedFile weighted = new WeightedFile.Parser().convert(text);
        if (weighted.blocks() != null) {
          throw new TypeConversionException("block weights are for --lora; give IMAGE@WEIGHT");
        }
        return new ReferenceOption(
            weighted.file(), weighted.weight(), !weighted.file().equals(Path.of(text)));
      }
    }
  }
}
