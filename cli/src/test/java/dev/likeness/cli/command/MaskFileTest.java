package dev.likeness.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.RgbImage;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

class MaskFileTest {
  @TempDir
  private Path folder;

  /** One pixel: transparency and colour in hexadecimal, and whether the notice is printed. */
  @ParameterizedTest
  @CsvSource({
    "00ffffff, true",
    "00010101, true",
    "00000100, true",
    "00000000, false",
    "ffffffff, false",
    "ff000000, false",
    "80ffffff, false",
    "01ffffff, false"
  })
  void tellsOfLightColoursBehindTransparency(String argb, boolean told) throws IOException {
    BufferedImage painted = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
    painted.setRGB(0, 0, Integer.parseUnsignedInt(argb, 16));
    Path file = folder.resolve("mask.png");
    ImageIO.write(painted, "png", file.toFile());
    StringWriter printed = new StringWriter();
    CommandLine line = new CommandLine(CommandSpec.create()).setErr(new PrintWriter(printed, true));
    RgbImage mask = MaskFile.read(file, line.getCommandSpec());
    assertEquals(Integer.parseInt(argb.substring(2, 4), 16), mask.at(0, 0, 0));
    assertEquals(
        told
            ? file
                + " has transparent pixels that are stored in a light colour; as in diffusers, only"
                + " the colour counts, so they are part of the mask\n"
            : "",
        printed.toString().replace("\r", ""));
  }
}
