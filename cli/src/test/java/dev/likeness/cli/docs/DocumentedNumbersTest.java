package dev.likeness.cli.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.CommandSyntax;
import dev.likeness.cli.Outside;
import dev.likeness.cli.command.GenerateCommand;
import dev.likeness.cli.numbers.CommandNumbers;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.EightBitCalibration;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.family.flux2.Flux2Networks;
import dev.likeness.diffusion.internal.family.zimage.ZImageNetworks;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.imagefile.ImageFileReader;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.CpuSettings;
import dev.likeness.headshots.internal.generation.TiledUpscale;
import dev.likeness.headshots.internal.training.LikenessValidation;
import dev.likeness.headshots.internal.training.PersonTrainingEngine;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.hub.RemoteHeaders;
import dev.likeness.ipadapter.FaceReader;
import dev.likeness.ipadapter.internal.guidance.FaceGradientGuidance;
import dev.likeness.lora.training.TrainingPreset;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.SetVerdict;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.likeness.Likeness;
import dev.likeness.photos.likeness.ValidationSplit;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.provenance.Watermark;
import dev.likeness.studio.StudioOptions;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.RetentionPolicy;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers in the documentation that the code has are those of the code. */
class DocumentedNumbersTest {
  private static final Pattern PHOTOS = Pattern.compile("(\\d+) to (\\d+) (?:photos|selfies)");
  private static final Pattern BETTER = Pattern.compile("(\\d+) or more are better");
  private static final Pattern REASON =
      Pattern.compile("\\| `([a-z-]+)` \\| [^|]+ \\| (above|below) ([0-9.]+) \\| ([^|]+) \\|");
  private static final Pattern OPTION = Pattern.compile("`(--[a-z0-9-]+)(?: [^`]*)?`");
  private static final Pattern RANGE = Pattern.compile(
      "(?<![0-9.x]|about )(-?[0-9.]+) to (-?[0-9]+(?:\\.[0-9]+)?)(?![0-9.%]| of| photos| is usual)");

  /** Options whose range each family of models has for itself. */
  private static final List<String> FROM_THE_FAMILY = List.of("--max-sequence-length");

  private final List<MarkdownPage> pages = new PageRules(Outside.ROOT).pages();

  @Test
  void photosOfAPerson() {
    int found = 0;
    for (MarkdownPage page : pages) {
      Matcher range = PHOTOS.matcher(flat(page));
      while (range.find()) {
        assertEquals(
            SetVerdict.MIN_PHOTOS + " to " + SetVerdict.MAX_PHOTOS,
            range.group(1) + " to " + range.group(2),
            page.path());
        found++;
      }
      Matcher better = BETTER.matcher(flat(page));
      while (better.find()) {
        assertEquals(SetVerdict.RECOMMENDED_PHOTOS, Integer.parseInt(better.group(1)), page.path());
      }
    }
    assertTrue(found >= 8, found + " places were found");
  }

  @Test
  void limitsOfPhotos() {
    Matcher rows = REASON.matcher(page("docs/guides/take-good-selfies.md").text());
    int found = 0;
    while (rows.find()) {
      ReasonCode code =
          ReasonCode.valueOf(rows.group(1).replace('-', '_').toUpperCase(Locale.ROOT));
      QualityLimits.Band band = QualityLimits.DEFAULT.band(code);
      assertEquals(band.warn(), Double.parseDouble(rows.group(3)), rows.group());
      assertEquals(
          Double.isInfinite(band.reject()) ? "never" : rows.group(2) + " " + text(band.reject()),
          rows.group(4),
          rows.group());
      boolean higherIsWorse = band.reject() > band.warn();
      assertEquals(higherIsWorse ? "above" : "below", rows.group(2), rows.group());
      found++;
    }
    assertEquals(20, found);
    says(
        "docs/guides/take-good-selfies.md",
        "The file has over %s MB, or the photo over %s million pixels.",
        DecodeLimits.DEFAULT.maxBytes() / 1_000_000,
        DecodeLimits.DEFAULT.maxPixels() / 1_000_000);
  }

  @Test
  void settingsOfTraining() {
    says(
        "docs/guides/what-it-costs.md",
        "is %s for each photo, at least %s and at most %s",
        constant(TrainingPreset.class, "STEPS_PER_PHOTO"),
        constant(TrainingPreset.class, "MIN_STEPS"),
        constant(TrainingPreset.class, "MAX_STEPS"));
    says(
        "docs/guides/what-it-costs.md",
        "`--preset QUICK` takes %s times, and `--preset BEST` %s times",
        factor(TrainingPreset.QUICK),
        factor(TrainingPreset.BEST));
    says(
        "docs/guides/train-a-person.md",
        "%s, %s or %s times the usual number of steps",
        factor(TrainingPreset.QUICK),
        factor(TrainingPreset.BALANCED),
        factor(TrainingPreset.BEST));
    says(
        "docs/guides/train-a-person.md",
        "count %s times (1 to %s)",
        "10",
        constant(hidden(SetVerdict.class, "PhotoFolder"), "MOST_REPEATS"));
    String klein =
        constant(hidden(Flux2Networks.class, "Flux2Networks$Flux2TrainingTarget"), "RANK");
    assertEquals(
        klein, constant(hidden(ZImageNetworks.class, "ZImageModel$ZImageTrainingTarget"), "RANK"));
    String usual = constant(TrainingTarget.Recipe.class, "USUAL_RANK");
    says(
        "docs/guides/train-a-person.md",
        "Default: %s for FLUX.2 klein and Z-Image, %s for other families",
        klein,
        usual);
    says("docs/guides/what-it-costs.md", "with the default rank %s", usual);
    TrainingSettings balanced = TrainingSettings.balanced();
    says(
        "docs/reference/checkpoint-formats.md",
        "a training uses %s images, so a batch of %s gives %s steps",
        Integer.toString(balanced.steps() * balanced.batchSize()),
        Integer.toString(balanced.batchSize()),
        Integer.toString(balanced.steps()));
    assertEquals("5", constant(LikenessValidation.class, "HELD_OUT_INTERVAL"));
    says("docs/guides/train-a-person.md", "holds out one photo in five");
    assertEquals("2", constant(LikenessValidation.class, "IMAGES"));
    assertEquals("4", constant(LikenessValidation.class, "PATIENCE"));
    says("docs/guides/train-a-person.md", "generates two headshots");
    says("docs/guides/train-a-person.md", "stops after four validations without improvement");
    String previewSteps = constant(PersonTrainingEngine.class, "PREVIEW_STEPS");
    assertEquals("3", constant(PersonTrainingEngine.class, "PREVIEW_DIVISOR"));
    says(
        "docs/reference/command.md",
        "after its first third: one headshot of at most %s steps",
        previewSteps);
    says("docs/tutorial.md", "This headshot has %s steps", previewSteps);
  }

  @Test
  void strengthsOfIdentity() {
    says(
        "docs/explanation/how-identity-works.md",
        "the LoRA has weight %s",
        constant(hidden(IdentityStrength.class, "GuidedPerson"), "LORA_SHARE"));
    says(
        "docs/explanation/how-identity-works.md",
        "has weight %s with a LoRA, and %s without one",
        constant(IdentityStrength.class, "WITH_LORA_AND_GUIDANCE_SCALE"),
        constant(IdentityStrength.class, "WITH_LORA_SCALE"));
    says(
        "docs/guides/identity-without-training.md",
        "number of reference images, 1 to %s; default: %s if at least six photos",
        constant(ReferencePhotos.class, "MAX_COUNT"),
        constant(ReferencePhotos.class, "USUAL_COUNT"));
    says(
        "docs/guides/identity-without-training.md",
        "at most N x N pixels for each image, %s to %s; default %s",
        constant(ReferencePhotos.class, "MIN_SIDE"),
        constant(ReferencePhotos.class, "MAX_SIDE"),
        Integer.toString(ReferencePhotos.DEFAULT.side()));
    says(
        "docs/explanation/how-likeness-is-judged.md",
        "at least %s times the mean cosine",
        constant(Likeness.class, "GENUINE_SHARE"));
  }

  @Test
  void limitsOfFacesAndGuidance() {
    says(
        "docs/reference/adapters.md",
        "turned sideways by more than %s degrees, or that is %s to %s pixels wide",
        constant(FaceReader.class, "MAX_YAW"),
        constant(FaceReader.class, "MIN_FACE"),
        Integer.toString(Integer.parseInt(constant(FaceReader.class, "SMALL_FACE")) - 1));
    says(
        "docs/reference/adapters.md",
        "An adapter without an authors' weight has %s.",
        constant(IdentityStrength.class, "REFERENCE_ONLY_SCALE"));
    assertEquals("2", constant(FaceGradientGuidance.class, "DETECTION_INTERVAL"));
    says("docs/guides/face-guidance.md", "In every second step, a face detector");
    assertEquals(
        "6", constant(hidden(FaceGradientGuidance.class, "FaceAlignment$FaceViews"), "COUNT"));
    says("docs/guides/face-guidance.md", "embeds six copies of the face");
    says("docs/explanation/how-identity-works.md", "the detector runs in every second step only");
    assertEquals("8", constant(hidden(ShootRequest.class, "Ranking"), "MIN_FOR_SHARED"));
    says("docs/guides/when-it-does-not-look-like-me.md", "If a shoot has at least eight headshots");
    says(
        "docs/guides/when-it-does-not-look-like-me.md",
        "a `--size` above %s times the default",
        constant(TiledUpscale.class, "MAX_UNTILED_SCALE"));
  }

  @Test
  void limitsOfPrivacyAndSecurity() {
    String privacy = "docs/explanation/privacy-model.md";
    Object week = ((Duration) value(RetentionPolicy.class, "WEEK")).toDays();
    says(privacy, "end of the training; %s days after the last use", week);
    Object month = ((Duration) value(RetentionPolicy.class, "MONTH")).toDays();
    says(privacy, "%s days after the last use or `Subject.renew`; three years after", month);
    assertEquals(3 * 365, RetentionPolicy.MAX_DURATION.toDays());
    Class<?> store = hidden(GenerateCommand.class, "VaultOptions");
    says(privacy, "waits up to %s seconds", ((Duration) value(store, "LOCK_TIMEOUT")).toSeconds());
    says(
        "docs/guides/use-the-studio.md",
        "a password of at least %s characters",
        StudioOptions.MIN_PASSWORD_LENGTH);
    says(
        "SECURITY.md",
        "Photos may have at most %s MB and %s megapixels, other images %s MB and %s megapixels",
        DecodeLimits.DEFAULT.maxBytes() / 1_000_000,
        DecodeLimits.DEFAULT.maxPixels() / 1_000_000,
        millions(ImageFileReader.class, "MAX_BYTES"),
        millions(ImageFileReader.class, "MAX_PIXELS"));
    says(
        "SECURITY.md",
        "the number of scans times the number of pixels is at most %s million",
        millions(hidden(ImageFileReader.class, "JpegCheck"), "MAX_SCANNED_PIXELS"));
    says("SECURITY.md", "A side has at most %,d pixels", ImageFileReader.MAX_SIDE);
  }

  @Test
  void limitsOfManifests() {
    String page = "docs/explanation/provenance.md";
    says(page, "Images below %,d pixels", value(Watermark.class, "MIN_PIXELS"));
    says(
        page,
        "more than %d MiB, %,d boxes, %s manifests or %,d hashed URIs",
        (int) value(manifest("JumbfBox"), "MAX_BYTES") >> 20,
        value(manifest("JumbfBox$Parser"), "MAX_BOXES"),
        value(manifest("ManifestReader"), "MAX_MANIFESTS"),
        value(manifest("Claim$Hashes"), "MAX_LINKS"));
    says(page, "more than %s certificates", value(manifest("CoseSign1"), "MAX_CERTIFICATES"));
  }

  @Test
  void settingsOfSpeedAndSdxl() {
    String faster = page("docs/guides/go-faster.md").text();
    CpuSettings.environment()
        .forEach((name, setting) -> assertTrue(faster.contains(name + "=" + setting), name));
    says(
        "docs/guides/go-faster.md",
        "would be wrong by more than %.0f %%",
        100 * (double) value(EightBitCalibration.class, "LARGEST_ERROR"));
    says(
        "docs/guides/get-the-models.md",
        "at most %s MB",
        millions(RemoteHeaders.class, "MOST_BYTES"));
    Class<?> refiner = hidden(GenerateCommand.class, "RefinerOptions");
    says("docs/guides/sdxl-refiner.md", "default %s with `--refiner`", constant(refiner, "SPLIT"));
    says(
        "docs/guides/sdxl-refiner.md",
        "for the negative prompt (`negative_aesthetic_score`); default %s",
        constant(refiner, "NEGATIVE_SCORE"));
  }

  @Test
  void strengthsOfEdits() {
    for (Style.Part part : Style.Part.values()) {
      String option =
          part == Style.Part.SMILE ? "--smile" : "--" + part.name().toLowerCase(Locale.ROOT);
      String row = Stream.of(page("docs/guides/edit-headshots.md").text().split("\n"))
          .filter(line -> line.startsWith("| `" + option))
          .findFirst()
          .orElseThrow();
      assertTrue(row.endsWith("| " + text(part.strength()) + " |"), row);
    }
    says(
        "docs/reference/command.md",
        "default: %s for `--outfit`, %s for `--backdrop` and for `--prompt` with `--mask`, %s for"
            + " `--light`, %s for `--expression`, %s for `--smile`",
        text(Style.Part.OUTFIT.strength()),
        text(Style.Part.BACKDROP.strength()),
        text(Style.Part.LIGHT.strength()),
        text(Style.Part.EXPRESSION.strength()),
        text(Style.Part.SMILE.strength()));
  }

  @Test
  void limitsOfHeadshots() throws IOException {
    String enlarged = constant(TiledUpscale.class, "MAX_UNTILED_SCALE");
    says(
        "docs/reference/command.md",
        "for a `--size` above %s times the default of the base",
        enlarged);
    says(
        "docs/guides/edit-headshots.md",
        "If `--size` is more than %s times the default size",
        enlarged);
    says(
        "docs/reference/command.md",
        "sampling steps (default: %s, or the number in the [catalogue]",
        Integer.toString(ShootRequest.STEPS));
    says(
        "docs/reference/command.md",
        "`QUICK` %s times and `BEST` %s times this number",
        factor(TrainingPreset.QUICK),
        factor(TrainingPreset.BEST));
    says(
        "docs/explanation/how-likeness-is-judged.md",
        "Its standing is below %s.",
        constant(Authenticity.class, "MIN_STANDING"));
    assertEquals("8", constant(hidden("dev.likeness.headshots.shoot.Ranking"), "MIN_FOR_SHARED"));
    says("docs/explanation/how-likeness-is-judged.md", "If there are at least eight images");
    assertEquals("5", constant(ValidationSplit.class, "MIN_PHOTOS"));
    says("docs/explanation/how-likeness-is-judged.md", "If there are five or more photos");
    says(
        "docs/guides/reference-images.md",
        "Give photos with a face at least %s pixels wide",
        constant(FaceReader.class, "SMALL_FACE"));
    says(
        "docs/guides/pulid.md",
        "1 on FLUX.1 (also on Chroma), %s on SDXL",
        constant(hidden("dev.likeness.ipadapter.internal.method.pulid.PulidMethod"), "XL_WEIGHT"));
    String words = Files.readString(Outside.ROOT.resolve("portrait-model/src/main/resources/dev/"
        + "likeness/models/portrait/tokenizer/tokenizer_config.json"));
    Matcher known = Pattern.compile("\"known_words\"\\s*:\\s*\\[([^\\]]*)]").matcher(words);
    assertTrue(known.find());
    says("docs/guides/generate.md", "trained on %s words", known.group(1).split(",").length);
  }

  @Test
  void limitsOfStoresAndMarks() {
    says(
        "docs/reference/command.md",
        "of the key file, at least %s characters",
        WrappingKey.MIN_PASSPHRASE_LENGTH);
    says(
        "docs/reference/command.md",
        "file with the password of the page, at least %s characters",
        StudioOptions.MIN_PASSWORD_LENGTH);
    says(
        "docs/guides/keep-people-encrypted.md",
        "Argon2id with %s MiB of memory",
        Integer.parseInt(constant(hidden(WrappingKey.class, "PassphraseKey"), "KIBIBYTES")) >> 10);
    RetentionPolicy usual = RetentionPolicy.defaults();
    says(
        "docs/guides/keep-people-encrypted.md",
        "photos are removed when the person is trained, or %s days after their last use",
        usual.limits().get(DataCategory.PHOTOS).afterUse().toDays());
    assertTrue(usual.limits().get(DataCategory.PHOTOS).afterPurpose().isZero());
    for (DataCategory kept : List.of(DataCategory.PERSON, DataCategory.IMAGES)) {
      says(
          "docs/guides/keep-people-encrypted.md",
          "Persons and stored headshots are removed %s days after their last use, or three years",
          usual.limits().get(kept).afterUse().toDays());
      assertEquals(Duration.ofDays(3 * 365), usual.limits().get(kept).afterPurpose());
    }
    says(
        "docs/guides/disclose-generated-images.md",
        "It has fewer than %s pixels",
        String.format(
            Locale.ROOT, "%,d", Integer.parseInt(constant(Watermark.class, "MIN_PIXELS"))));
  }

  /** FLUX.1 Kontext has no tiny folder, so its row is not compared. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      Stable Diffusion 1.x and 2.x | sd1/base
      SDXL | sdxl/xl-base
      Stable Diffusion 3, FLUX.1 | sd3/medium
      Stable Diffusion 3, FLUX.1 | flux/dev
      FLUX.1 Fill, Z-Image | flux/fill
      FLUX.1 Fill, Z-Image | zimage/turbo
      FLUX.2 klein | klein/base
      Chroma | chroma/base
      """)
  void strengthsOfInitialImages(String name, String variant, @TempDir Path folder) {
    String row = Stream.of(
            page("docs/guides/image-to-image-and-inpainting.md").text().split("\n"))
        .filter(line -> line.startsWith("| " + name + " |"))
        .findFirst()
        .orElseThrow();
    String[] cells = row.split("\\|");
    try (BaseModel model = BaseModel.open(PipelineFolder.any(variant, folder), Compute.EXACT)) {
      GenerationDefaults usual = model.defaults();
      assertEquals(text(usual.strength()), cells[2].strip().split(" ")[0], row);
      assertEquals(text(usual.inpaintStrength()), cells[3].strip(), row);
    }
  }

  @Test
  void limitsOfFiles() {
    says(
        "docs/guides/load-a-model.md",
        "A configuration file may have up to %s MiB, a tokenizer's file up to %s MiB",
        Long.toString(ModelFile.LARGEST_CONFIG >> 20),
        Long.toString(ModelFile.LARGEST_TOKENIZER >> 20));
    says(
        "docs/reference/command.md",
        "It takes at most %s photos",
        String.format(
            Locale.ROOT,
            "%,d",
            Integer.parseInt(constant(hidden(SetVerdict.class, "PhotoFolder"), "MOST_SEARCHED"))));
    says(
        "docs/explanation/provenance.md",
        "if at least %s bits match",
        Integer.toString(Watermark.MIN_BITS));
    says(
        "docs/reference/record-json.md",
        "how many of its %s bits were read correctly",
        Integer.toString(Watermark.BITS));
    says(
        "docs/tutorial.md",
        "if it has at least %s pixels (256x256), an invisible watermark",
        String.format(
            Locale.ROOT, "%,d", Integer.parseInt(constant(Watermark.class, "MIN_PIXELS"))));
    says("docs/reference/command.md", "64 to %s, a multiple of 8", "" + ShootRequest.MAX_SIZE);
  }

  /** The range in the row of an option is the range that the command accepts. */
  @Test
  void rangesOfOptions() {
    List<String> faults = new ArrayList<>();
    int compared = 0;
    for (MarkdownPage page : pages) {
      for (String row : page.text().split("\n")) {
        // The option stands in the first cell, or in the second one beside its method in Java.
        String[] cells = row.split("(?<!\\\\)\\|", 4);
        Matcher option = OPTION.matcher(cells.length < 3 ? "" : cells[1] + "|" + cells[2]);
        if (!option.find() || FROM_THE_FAMILY.contains(option.group(1))) {
          continue;
        }
        Matcher range = RANGE.matcher(row);
        if (!range.find()) {
          continue;
        }
        List<NumberRange> known = ranges(option.group(1));
        if (known.isEmpty()) {
          continue;
        }
        compared++;
        double least = Double.parseDouble(range.group(1));
        double most = Double.parseDouble(range.group(2));
        if (known.stream().noneMatch(one -> one.min() == least && one.max() == most)) {
          faults.add(page.path() + ": " + row);
        }
      }
    }
    assertTrue(compared >= 12, compared + " rows were compared");
    assertEquals(List.of(), faults);
  }

  private static List<NumberRange> ranges(String name) {
    return CommandSyntax.options()
        .filter(option -> List.of(option.names()).contains(name))
        .flatMap(option -> CommandNumbers.range(option).stream())
        .toList();
  }

  private void says(String path, String sentence, Object... numbers) {
    String expected = String.format(Locale.ROOT, sentence, numbers);
    assertTrue(flat(page(path)).contains(expected), path + " does not say: " + expected);
  }

  private MarkdownPage page(String path) {
    return pages.stream().filter(page -> page.path().equals(path)).findFirst().orElseThrow();
  }

  private static String flat(MarkdownPage page) {
    return page.text().replaceAll("\\s+", " ");
  }

  private static String factor(TrainingPreset preset) {
    try {
      Field field = TrainingPreset.class.getDeclaredField("stepFactor");
      field.setAccessible(true);
      return text(field.getDouble(preset));
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("the factor of a preset has another name now", e);
    }
  }

  /** A type that is not public, in the package of another. */
  private static Class<?> hidden(Class<?> neighbour, String name) {
    return hidden(neighbour.getPackageName() + "." + name);
  }

  private static Class<?> hidden(String name) {
    try {
      return Class.forName(name);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(name + " has another name now", e);
    }
  }

  /** A type of the package that reads C2PA manifests. */
  private static Class<?> manifest(String name) {
    try {
      return Class.forName("dev.likeness.provenance.c2pa." + name);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(name + " has another name now", e);
    }
  }

  private static long millions(Class<?> type, String name) {
    return ((Number) value(type, name)).longValue() / 1_000_000;
  }

  private static String constant(Class<?> type, String name) {
    return text(((Number) value(type, name)).doubleValue());
  }

  private static Object value(Class<?> type, String name) {
    try {
      Field field = type.getDeclaredField(name);
      field.setAccessible(true);
      return field.get(null);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(type + " has no constant " + name + " any more", e);
    }
  }

  private static String text(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }
}
