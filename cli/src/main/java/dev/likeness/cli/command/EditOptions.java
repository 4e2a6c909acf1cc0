package dev.likeness.cli.command;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.decode.ExifOrientation;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What is changed of a headshot. */
final class EditOptions {
  @Option(
      names = "--outfit",
      paramLabel = "TEXT",
      description = "other clothes, such as \"a navy suit and tie\"")
  private String outfit;

  @Option(
      names = "--backdrop",
      paramLabel = "TEXT",
      description = "something else behind, such as \"brick wall\"")
  private String backdrop;

  @Option(
      names = "--light",
      paramLabel = "TEXT",
      description = "other light, such as \"window light\"")
  private String light;

  @Option(
      names = "--expression",
      paramLabel = "TEXT",
      description = "another expression, such as \"neutral expression\"")
  private String expression;

  @Option(names = "--smile", description = "a little more of a smile")
  private boolean smile;

  @Option(
      names = "--mask",
      paramLabel = "IMAGE",
      description = "draws where this is white, instead of where the parts are " + "found")
  private Path mask;

  @Option(
      names = "--words",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "with --mask: what to draw there")
  private String words;

  @Option(
      names = "--extend",
      paramLabel = "L,T,R,B",
      split = ",",
      hideParamSyntax = true,
      description = "draws margins of so many pixels around it: left, top, right, bottom")
  private int[] extend;

  @Option(
      names = "--strength",
      paramLabel = "X",
      defaultValue = "NaN",
      description = "how much is drawn anew, 0..1 (default: what the parts need)")
  private double strength;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "of the noise: another gives another result (default: ${DEFAULT-VALUE})")
  private long seed;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  HeadshotEdit edit() {
    require(
        extend == null || extend.length == 4,
        "--extend needs four numbers: left, top, right, bottom");
    require(!smile || expression == null, "give one of --smile and --expression");
    require(
        words.isEmpty() || mask != null,
        "--words says what to draw within --mask IMAGE; for a whole part give "
            + "--outfit, --backdrop, --light or --expression");
    HeadshotEdit.Margins margins = extend == null
        ? new HeadshotEdit.Margins(0, 0, 0, 0)
        : new HeadshotEdit.Margins(extend[0], extend[1], extend[2], extend[3]);
    Optional<HeadshotEdit.Masked> within = Optional.ofNullable(mask)
        .map(file ->
            new HeadshotEdit.Masked(ExifOrientation.toUpright(file, RgbImage.readMask(file)), words));
    return new HeadshotEdit(parts(), within, margins, strength, seed);
  }

  private Map<Style.Part, String> parts() {
    Map<Style.Part, String> parts = new EnumMap<>(Style.Part.class);
    put(parts, Style.Part.OUTFIT, outfit);
    put(parts, Style.Part.BACKDROP, backdrop);
    put(parts, Style.Part.LIGHT, light);
    put(parts, Style.Part.EXPRESSION, expression);
    if (smile) {
      parts.putAll(HeadshotEdit.smile().words());
    }
    return parts;
  }

  private static void put(Map<Style.Part, String> parts, Style.Part part, String text) {
    if (text != null) {
      parts.put(part, text);
    }
  }

  private void require(boolean holds, String usage) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), usage);
    }
  }
}
