package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.PreviewDecoder;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.provenance.Disclosure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The options for previews during sampling. */
@Command(optionListHeading = "Output")
final class PreviewOptions {
  @PathUse(value = Use.READ, mayBeEmpty = true)
  @ModelFile(Role.TINY_AUTOENCODER)
  @Option(
      names = "--preview",
      paramLabel = "DIR|FILE",
      arity = "0..1",
      fallbackValue = "",
      description = "writes preview-001.png and so on to --out during sampling and deletes them at "
          + "the end; they are decoded by a tiny autoencoder of the base's family (TAESD); "
          + "without a value, by the base's own")
  private Path autoencoder;

  @NumberRange(min = 1, max = NumberRange.MAX_STEPS)
  @Option(
      names = "--preview-every",
      paramLabel = "N",
      defaultValue = "1",
      description = "steps between previews (default: ${DEFAULT-VALUE})")
  private int interval;

  /** Generates {@code request} and passes each finished image to {@code each}. */
  void generate(
      BaseModel base,
      BaseOptions from,
      ImageRequest request,
      Consumer<GeneratedImage> each,
      ImageFolder.NumberedFiles files,
      Disclosure marking,
      Console console) {
    if (autoencoder == null) {
      base.generateEach(
          List.of(request), each, new Run(ConsoleProgress.on(console), console.cancellation()));
      return;
    }
    List<Path> shown = new ArrayList<>();
    try (PreviewDecoder previews = PreviewDecoder.open(decoderPath(from), base.compute())) {
      ImageRequest watched = previews.attach(
          request, interval, (row, images) -> writePreviews(images, files, marking, shown));
      base.generateEach(
          List.of(watched), each, new Run(ConsoleProgress.on(console), console.cancellation()));
    } finally {
      shown.forEach(PreviewOptions::remove);
    }
  }

  private Path decoderPath(BaseOptions base) {
    Path own = Extra.PREVIEW_DECODER.at(base.folder());
    if (!autoencoder.toString().isEmpty()) {
      return autoencoder;
    }
    if (!Files.exists(own)) {
      throw new InvalidInputException("the base " + base.name() + " has no preview decoder (" + own
          + " does not exist); give --preview DIR|FILE");
    }
    return own;
  }

  private static void writePreviews(
      List<RgbImage> images,
      ImageFolder.NumberedFiles files,
      Disclosure marking,
      List<Path> shown) {
    for (int i = 0; i < images.size(); i++) {
      RgbImage image = images.get(i);
      if (i < shown.size()) {
        marking.writePng(image, shown.get(i));
      } else {
        shown.add(files.writePreview(whole -> marking.writePng(image, whole)));
      }
    }
  }

  private static void remove(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove the preview " + file, e);
    }
  }
}
