package dev.likeness.cli.command;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Quoted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;

/** Reads the masks of options. */
final class MaskFile {
  private MaskFile() {}

  /**
   * Reads a mask as diffusers does, without its transparency. Prints a notice if that makes a
   * difference: a program may have drawn the mask on a transparent ground that is stored as white.
   */
  static RgbImage read(Path file, CommandSpec command) {
    RgbImage mask = RgbImage.readMask(file);
    if (hasLightBehindTransparency(file, mask)) {
      command
          .commandLine()
          .getErr()
          .println(
              Quoted.line(file.toString()) + " has transparent pixels that are stored in a light"
                  + " colour; as in diffusers, only the colour counts, so they are part of the mask");
    }
    return mask;
  }

  private static boolean hasLightBehindTransparency(Path file, RgbImage mask) {
    byte[] alpha;
    try {
      alpha = RgbImage.readAlpha(file.toString(), Files.readAllBytes(file)).rgb();
    } catch (IOException vanished) {
      return false;
    }
    byte[] colours = mask.rgb();
    for (int i = 0; i < alpha.length; i++) {
      if (alpha[i] == 0 && colours[i] != 0) {
        return true;
      }
    }
    return false;
  }
}
