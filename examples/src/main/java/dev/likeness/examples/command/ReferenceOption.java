package dev.likeness.examples.command;

import dev.likeness.diffusion.image.Picture;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;

/**
 * A reference picture and how strongly it counts, as {@code IMAGE} or {@code IMAGE@WEIGHT}.
 *
 * @param file the picture
 * @param weight 1 is full strength, 0 none
 */
record ReferenceOption(Path file, double weight) {
  Picture picture() {
    return Picture.read(file);
  }

  /** Reads the text of an option, as {@link LoraOption.Parser} does. */
  static final class Parser implements ITypeConverter<ReferenceOption> {
    @Override
    public ReferenceOption convert(String text) {
      LoraOption weighted = new LoraOption.Parser().convert(text);
      return new ReferenceOption(weighted.file(), weighted.weight());
    }
  }
}
