package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options for the changes of a headshot. */
@Command(optionListHeading = "Changes")
final class EditOptions {
  @Option(
      names = "--outfit",
      paramLabel = "TEXT",
      description = "new clothes, such as \"a navy suit and tie\"")
  private String outfit;

  @Option(
      names = "--backdrop",
      paramLabel = "TEXT",
      description = "new background, such as \"brick wall\"")
  private String backdrop;

  @Option(
      names = "--light",
      paramLabel = "TEXT",
      description = "new light, such as \"window light\"")
  private String light;

  @Option(
      names = "--expression",
      paramLabel = "TEXT",
      description = "new expression, such as \"neutral expression\"")
  private String expression;

  @Option(names = "--smile", description = "adds a slight smile")
  private boolean smile;

  @PathUse(Use.READ)
  @Option(
      names = "--mask",
      paramLabel = "IMAGE",
      description = "mask: its white pixels are generated again, instead of parts that are found "
          + "in the headshot")
  private Path mask;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "with --mask: prompt for the white pixels of the mask")
  private String words;

  @NumberRange(min = 0, max = ShootRequest.MAX_SIZE)
  @Option(
      names = "--extend",
      paramLabel = "L,T,R,B",
      split = ",",
      hideParamSyntax = true,
      description = "adds margins, in pixels: left, top, right, bottom")
  private int[] extend;

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--strength",
      paramLabel = "X",
      description = "how much the changed parts may differ from the headshot, 0..1 (default: "
          + "depends on the part)")
  private Double strength;

  @Option(
      names = "--seed",
      paramLabel = "S",
      converter = GenerateOptions.SeedParser.class,
      defaultValue = "0",
      description = "seed of the noise (default: ${DEFAULT-VALUE})")
  private long seed;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  HeadshotEdit edit() {
    require(
        extend == null || extend.length == 4,
        "--extend needs four numbers: left, top, right, bottom");
    require(
        !smile || expression == null,
        "--smile and --expression exclude each other; give one of them");
    require(
        words.isEmpty() || mask != null,
        "--prompt needs --mask IMAGE; to change a whole part, give --outfit, --backdrop, --light or "
            + "--expression");
    HeadshotEdit.Margins margins = extend == null
        ? new HeadshotEdit.Margins(0, 0, 0, 0)
        : new HeadshotEdit.Margins(extend[0], extend[1], extend[2], extend[3]);
    Optional<HeadshotEdit.Masked> within = Optional.ofNullable(mask)
        .map(file -> new HeadshotEdit.Masked(MaskFile.read(file, spec), words));
    OptionalDouble share = strength == null ? OptionalDouble.empty() : OptionalDouble.of(strength);
    return new HeadshotEdit(parts(), within, margins, share, seed);
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
