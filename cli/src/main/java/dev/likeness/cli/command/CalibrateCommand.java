package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.Output;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.cli.paths.ResultFile;
import dev.likeness.cli.paths.WritesFiles;
import dev.likeness.diffusion.EightBitCalibration;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code likeness calibrate}: measures a base for {@code generate --eight-bit-products}. */
@Command(
    name = "calibrate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Measures how a base's UNet or transformer can multiply in 8 bits on a CPU with "
        + "VNNI, and writes a calibration for generate --eight-bit-products. It generates the images "
        + "of a few prompts, and then compares products of parts of the layers' inputs.")
public final class CalibrateCommand implements Runnable, WritesFiles {
  /** Different subjects, sizes of faces, light and styles. */
  private static final List<String> PROMPTS = List.of(
      "studio portrait photo of a smiling woman with brown hair",
      "photo of an old man with a beard in a street at night",
      "a watercolour painting of a village by the sea");

  private final Console console;

  @Mixin
  private BaseOptions base;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "prompt of an image to generate; may be repeated. Give prompts like those that "
          + "you will use (default: two portraits and a painting)")
  private List<String> prompts = PROMPTS;

  @NumberRange(min = 1, max = NumberRange.MAX_STEPS)
  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "6",
      description = "number of sampling steps (default: ${DEFAULT-VALUE})")
  private int steps;

  @Mixin
  private ImageSizeOption size;

  @PathUse(Use.WRITTEN)
  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "the calibration (default: beside the base, where generate finds it: "
          + "eight-bits.safetensors in a folder, NAME.eight-bits.safetensors beside a file)")
  private Path out;

  @Mixin
  private OverwriteOption overwrite;

  /** Creates the subcommand with the console that it prints to. */
  public CalibrateCommand(Console console) {
    this.console = console;
  }

  @Override
  public List<Output> outputs() {
    if (out != null) {
      return List.of(Output.file("--out", out, overwrite.isGiven()));
    }
    if (base.isEmbedded()) {
      return List.of();
    }
    // An earlier calibration is in the folder of the base, and may be replaced there.
    Path file = EightBitCalibration.fileFor(base.folder()).toAbsolutePath();
    return List.of(
        Output.names("--out", file.getParent(), Pattern.quote(file.getFileName().toString())));
  }

  @Override
  public void run() {
    if (out == null && base.isEmbedded()) {
      throw new IllegalArgumentException(
          "the embedded base has no folder for a calibration; give --out FILE, and generate"
              + " --calibration FILE");
    }
    Path file = out == null ? EightBitCalibration.fileFor(base.folder()) : out;
    AtomicFile.Writable.requireFile(file);
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !overwrite.isGiven()) {
      throw new IllegalArgumentException(
          file + " already exists; give another --out, or --overwrite to replace the file");
    }
    EightBitCalibration found = EightBitCalibration.measure(
        base.files(),
        base.compute(),
        requests(),
        new Run(ConsoleProgress.on(console), console.cancellation()));
    Path written = ResultFile.write(file, overwrite.isGiven(), found::write);
    ResultFile.printOther(written, file, console);
    console.out().println(written);
    console.out().println(found.layers() + " layers multiply in 8 bits");
    if (!found.exactLayers().isEmpty()) {
      console
          .out()
          .println(found.exactLayers().entrySet().stream()
              .map(layer ->
                  String.format(Locale.ROOT, "  %s (error %.3f)", layer.getKey(), layer.getValue()))
              .collect(Collectors.joining(
                  System.lineSeparator(),
                  found.exactLayers().size() + " layers keep "
                      + base.compute().dtype().name().toLowerCase(Locale.ROOT) + ":"
                      + System.lineSeparator(),
                  "")));
    }
    console.out().flush();
  }

  private List<ImageRequest> requests() {
    List<ImageRequest> requests = new ArrayList<>();
    for (String prompt : prompts) {
      requests.add(size.apply(ImageRequest.of(prompt).steps(steps).seed(requests.size())));
    }
    return requests;
  }
}
