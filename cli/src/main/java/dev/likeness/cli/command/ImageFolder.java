package dev.likeness.cli.command;

import dev.likeness.cli.console.OptionName;
import dev.likeness.cli.paths.ResultFile;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.request.PromptOptions.EncoderPrompts;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.SizeConditioning;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.headshots.report.ShootRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * Writes the record of {@code generate}: the given options and the complete request of each image.
 * An image with hires fix has the requests of both passes.
 */
final class ImageFolder {
  private static final RecordedRequest DEFAULT = RecordedRequest.of(ImageRequest.of(""));

  private ImageFolder() {}

  static ShootRecord of(BaseModel base, ParseResult given, List<Map<String, Object>> entries) {
    Map<String, Object> options = new LinkedHashMap<>();
    given.matchedOptions().forEach(option -> options.put(OptionName.of(option), values(option)));
    options.keySet().removeAll(List.of("--out", "--overwrite"));
    return ShootRecord.ofImages(base, options, entries);
  }

  /**
   * Returns the values as given. Paths are cut to their last name, because folder names identify
   * the machine.
   */
  private static List<String> values(OptionSpec option) {
    String folders =
        OptionName.of(option).equals("--part") ? "(?<==).*[/\\\\](?=.)" : ".*[/\\\\](?=.)";
    return option.originalStringValues().stream()
        .map(value -> option.paramLabel().equals("TEXT") ? value : value.replaceFirst(folders, ""))
        .toList();
  }

  /** Returns what the record says of an image. */
  static Map<String, Object> entry(BaseModel base, GeneratedImage image, Path file) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("file", file.getFileName().toString());
    entry.put("seed", image.seed());
    entry.put("prompt", image.request().prompt());
    entry.put("negative", image.request().prompts().negative().orElse(null));
    entry.putAll(samplingEntry(base, image.request()));
    image
        .firstPassRequest()
        .ifPresent(first -> entry.put("first_pass", samplingEntry(base, first)));
    return entry;
  }

  private static Map<String, Object> samplingEntry(BaseModel base, ImageRequest request) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("scheduler", request.scheduler().orElse(base.scheduler().className()));
    entry.put("steps", request.steps().getAsInt());
    if (request.sampling().hasCustomSchedule()) {
      entry.put("timesteps", request.sampling().timesteps());
      entry.put("sigmas", request.sampling().sigmas());
    }
    entry.put("guidance", request.guidance().getAsDouble());
    base.eta(request).ifPresent(eta -> entry.put("eta", eta));
    request
        .initialImage()
        .ifPresent(initial -> entry.put("strength", initial.strength().getAsDouble()));
    if (!request.referenceImages().images().isEmpty()) {
      entry.put("image_strength", request.referenceImages().strength());
    }
    request
        .initialImage()
        .filter(InitialImage::isMaskCropped)
        .ifPresent(
            initial -> entry.put("padding_mask_crop", initial.paddingMaskCrop().getAsInt()));
    entry.put("width", request.width().getAsInt());
    entry.put("height", request.height().getAsInt());
    entry.putAll(differences(RecordedRequest.of(request), DEFAULT));
    return entry;
  }

  /** The keys of request options that no other entry has, in the order of the file. */
  private record RecordedRequest(
      SizeConditioning sizeConditioning,
      Optional<SizeConditioning> negativeSizeConditioning,
      Optional<Latents> noise,
      double denoisingStart,
      double denoisingEnd,
      PromptRecord promptOptions,
      Map<String, Object> schedulerOptions,
      Optional<PromptEmbedding> embedding,
      Optional<PromptEmbedding> negativeEmbedding,
      GuidanceRecord guidanceOptions,
      List<ControlImage> controlImages,
      Optional<HiresFix> hires,
      boolean vaeTiling,
      CachingOptions caching) {
    static RecordedRequest of(ImageRequest r) {
      return new RecordedRequest(
          r.sizeConditioning(),
          r.negativeSizeConditioning(),
          r.noise(),
          r.denoisingStart(),
          r.denoisingEnd(),
          new PromptRecord(
              r.prompts().syntax(),
              r.prompts().clipSkip(),
              r.prompts().textualInversions(),
              r.prompts().encoderPrompts(),
              r.prompts().maxSequenceLength()),
          r.sampling().schedulerOptions(),
          r.embedding(),
          r.negativeEmbedding(),
          GuidanceRecord.of(r.guidanceOptions()),
          r.controlImages(),
          r.hires(),
          r.tiling().vaeTiling(),
          r.caching());
    }
  }

  private record PromptRecord(
      PromptSyntax syntax,
      int clipSkip,
      List<TextualInversion> textualInversions,
      EncoderPrompts encoderPrompts,
      OptionalInt maxSequenceLength) {}

  /** The keys of further guidance options. The scale has its own entry. */
  private record GuidanceRecord(
      double rescale,
      double start,
      double end,
      boolean sequential,
      Optional<DegradedGuidance> degradedGuidance,
      double trueCfgScale,
      Optional<GuidanceOptions.FreeU> freeU) {
    static GuidanceRecord of(GuidanceOptions o) {
      return new GuidanceRecord(
          o.rescale(),
          o.start(),
          o.end(),
          o.sequential(),
          o.degradedGuidance(),
          o.trueCfgScale(),
          o.freeU());
    }
  }

  /** Returns the values that differ from the defaults, by key. */
  private static Map<String, Object> differences(Record said, Record usual) {
    Map<String, Object> changed = new LinkedHashMap<>();
    for (RecordComponent part : said.getClass().getRecordComponents()) {
      Object value = jsonValue(value(part, said), usual == null ? null : value(part, usual));
      if (value != null) {
        changed.put(part.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT), value);
      }
    }
    return changed;
  }

  private static Object jsonValue(Object value, Object usual) {
    if (Objects.equals(value, usual)) {
      return null;
    }
    if (value instanceof Record said) {
      Map<String, Object> changed = differences(said, (Record) usual);
      return changed.isEmpty() ? null : changed;
    }
    if (value instanceof List<?> list) {
      return list.stream()
          .map(one -> jsonValue(one, null))
          .filter(Objects::nonNull)
          .toList();
    }
    return value instanceof Map
            || value instanceof Number
            || value instanceof String
            || value instanceof Boolean
        ? value
        : value instanceof Enum<?> ? value.toString() : null;
  }

  private static Object value(RecordComponent part, Record of) {
    try {
      Object value = part.getAccessor().invoke(of);
      if (value instanceof Optional<?> option) {
        return option.orElse(null);
      }
      if (value instanceof OptionalDouble number) {
        return number.stream().boxed().findFirst().orElse(null);
      }
      return value instanceof OptionalInt number
          ? number.stream().boxed().findFirst().orElse(null)
          : value;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Writes {@code image-001.png}, {@code image-002.png} and so on, and their record. The numbers go
   * on after those of the files that the folder has. Commands that write into one folder at the
   * same time never get the same name.
   */
  static final class NumberedFiles {
    /** The names of all files that are written. */
    static final String NAMES = "(image|preview)-[0-9]+\\.png|images(-[0-9]+)?\\.json";

    private static final String IMAGE = "image";
    private static final String RECORD = "images";

    private final Path folder;
    /** The next number of images. The numbers of previews are found when one is written. */
    private int next;

    private int first;

    NumberedFiles(Path folder) {
      this.folder = folder;
      this.next = 1 + largest("image(?:-|s-)");
    }

    /** Finds the largest number of a name that begins so; 0 if there is none. */
    private int largest(String beginning) {
      if (!Files.exists(folder)) {
        return 0;
      }
      Pattern numbered = Pattern.compile(beginning + "([0-9]{1,9})\\..*", Pattern.CASE_INSENSITIVE);
      try (Stream<Path> files = Files.list(folder)) {
        return files
            .map(file -> numbered.matcher(file.getFileName().toString()))
            .filter(Matcher::matches)
            .mapToInt(name -> Integer.parseInt(name.group(1)))
            .max()
            .orElse(0);
      } catch (IOException | UncheckedIOException e) {
        throw new ResourceLimitException(
            "cannot list " + folder + ": " + Quoted.reason(e) + "; choose another --out", e);
      }
    }

    /** Writes an image with the next free number, and returns its file. */
    Path writeImage(Consumer<Path> writer) {
      int number = write(IMAGE, "png", next, writer);
      first = first == 0 ? number : first;
      next = number + 1;
      return file(IMAGE, number, "png");
    }

    /** Writes a preview with the next free number, and returns its file. */
    Path writePreview(Consumer<Path> writer) {
      return file("preview", write("preview", "png", 1 + largest("preview-"), writer), "png");
    }

    /** Writes the record of the images: images.json, or with the number of the first image. */
    void writeRecord(Consumer<Path> writer) {
      if (!ResultFile.tryWrite(folder.resolve(RECORD + ".json"), writer)) {
        write(RECORD, "json", first, writer);
      }
    }

    /** Writes a file with the first free number from {@code number} on, and returns the number. */
    private int write(String stem, String ending, int number, Consumer<Path> writer) {
      int free = number;
      while (!ResultFile.tryWrite(file(stem, free, ending), writer)) {
        free++;
      }
      return free;
    }

    private Path file(String stem, int number, String ending) {
      return folder.resolve(String.format(Locale.ROOT, "%s-%03d.%s", stem, number, ending));
    }
  }

  /**
   * Writes the tensors of a run as a safetensors file: {@code latents} before decoding and
   * {@code images} before rounding.
   */
  static final class TensorDump {
    private TensorDump() {}

    static void write(Path file, BaseModel model, List<GeneratedImage> images) {
      // An image whose mask was cropped is larger or smaller than what was generated.
      int factor = EngineAccess.model(model).autoencoder().vaeScaleFactor();
      int width = images.get(0).latents().width() * factor;
      int height = images.get(0).latents().height() * factor;
      try (TensorScope scope = TensorScope.open()) {
        Tensor latents =
            stack(images, image -> image.latents().values(), height / factor, width / factor);
        Tensor pixels = stack(images, GeneratedImage::pixels, height, width);
        SafetensorsWriter.write(
            file, Map.of("latents", latents, "images", pixels), Map.of("format", "pt"));
      }
    }

    private static Tensor stack(
        List<GeneratedImage> images, Function<GeneratedImage, float[]> values, long h, long w) {
      TensorVector rows = new TensorVector();
      for (GeneratedImage image : images) {
        rows.push_back(torch.tensor(values.apply(image)).view(-1, h, w));
      }
      return torch.stack(rows);
    }
  }
}
