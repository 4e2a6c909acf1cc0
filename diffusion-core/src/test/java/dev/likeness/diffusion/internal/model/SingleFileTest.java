package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.BaseModels;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.checkpoint.CheckpointConverter;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.MemoryBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(NoTensorLeaks.class)
class SingleFileTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a woman").steps(2).size(24, 32).seed(5);

  @TempDir
  private Path folder;

  private Path golden(String variant) {
    return GoldenFolder.write(variant, GoldenFolder.KeyFormat.PUBLISHED, folder).path();
  }

  private static float[] pixels(ModelComponents files) {
    try (BaseModel base = BaseModels.open(files, Compute.EXACT)) {
      return base.generate(REQUEST).pixels();
    }
  }

  @Test
  void modelsKnowTheirFolder() {
    Path whole = golden("base");
    Path single = folder.resolve("whole.safetensors");
    CheckpointConverter.convert(whole, single);
    ModelFiles files = ModelFiles.of(whole);
    try (BaseModel base = BaseModel.open(files, Compute.EXACT);
        BaseModel otherVae =
            BaseModel.open(files.with("vae", whole.resolve("vae")), Compute.EXACT);
        BaseModel planned =
            BaseModel.open(files, Compute.EXACT, MemoryBudget.of("60GiB").size(32, 32));
        BaseModel file = BaseModel.open(single, Compute.EXACT)) {
      for (BaseModel each : List.of(base, base.offloading(), otherVae, planned)) {
        assertEquals(Optional.of(whole), each.folder());
        assertEquals("base-published", each.name());
      }
      assertEquals(Optional.empty(), file.folder());
      assertEquals("whole.safetensors", file.name());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "base,sd1",
    "lists,sd1",
    "bare-vae,sd1",
    "v-prediction,sd2",
    "time-embedding,sd2",
    "xl-base,sdxl",
    "xl-means,sdxl"
  })
  void generatesAsTheFolderThatItWasWrittenFrom(String variant, String family) {
    Path single = folder.resolve("whole.safetensors");
    CheckpointConverter.convert(golden(variant), single);
    SingleFile opened = SingleFile.open(single);
    assertEquals(family, opened.variant().orElseThrow().name());
    assertArrayEquals(
        pixels(ModelOpener.open(folder.resolve(variant + "-published"))), pixels(opened));
  }

  @ParameterizedTest
  @CsvSource({"base", "base-told", "v-prediction", "xl-base", "xl-refiner", "xl-inpainting"})
  void convertsBackToTheSameFolderBitForBit(String variant) {
    Path before = golden(variant);
    Path single = folder.resolve("whole.safetensors");
    Path after = folder.resolve("after");
    CheckpointConverter.convert(before, single);
    CheckpointConverter.convert(single, after);
    ModelComponents first = ModelOpener.open(before);
    ModelComponents second = ModelOpener.open(after);
    assertEquals(first.componentNames(), second.componentNames());
    for (String component : first.componentNames()) {
      assertSame(first.weights(component), second.weights(component));
      assertEquals(first.config(component).values(), second.config(component).values());
    }
    assertEquals(first.scheduler().values(), second.scheduler().values());
    Path again = folder.resolve("again.safetensors");
    CheckpointConverter.convert(after, again);
    assertSame(Safetensors.open(single), Safetensors.open(again));
  }

  private static void assertSame(TensorSource expected, TensorSource actual) {
    try (TensorScope scope = TensorScope.open();
        expected;
        actual) {
      assertEquals(Set.copyOf(expected.names()), Set.copyOf(actual.names()));
      for (String name : expected.names()) {
        assertTrue(torch.equal(expected.read(name), actual.read(name)), name);
      }
    }
  }

  @Test
  void aNetworkAloneIsGivenGuidanceIfItHasTheEmbedding() throws IOException {
    Path alone = folder.resolve("alone.safetensors");
    Files.move(golden("base-told").resolve("unet/diffusion_pytorch_model.safetensors"), alone);
    assertEquals(
        16,
        ModelOpener.open(golden("gelu"))
            .with("unet", alone)
            .config("unet")
            .integer("time_cond_proj_dim", 0));
  }

  @Test
  void keepsInfinitiesOfItsScheduler() {
    GoldenFolder whole = GoldenFolder.write("base", GoldenFolder.KeyFormat.PUBLISHED, folder);
    Map<String, Object> scheduler =
        new HashMap<>(ModelOpener.open(whole.path()).scheduler().values());
    scheduler.put("_class_name", "DPMSolverMultistepScheduler");
    scheduler.put("lambda_min_clipped", Double.NEGATIVE_INFINITY);
    whole.schedule(scheduler);
    Path single = folder.resolve("whole.safetensors");
    CheckpointConverter.convert(whole.path(), single);
    assertEquals(
        Double.NEGATIVE_INFINITY,
        SingleFile.open(single).scheduler().values().get("lambda_min_clipped"));
    assertArrayEquals(pixels(ModelOpener.open(whole.path())), pixels(ModelOpener.open(single)));
  }

  @Test
  void generatesFromPlaygroundWithTheLatentScaleOfItsFile() throws IOException {
    GoldenFolder whole = GoldenFolder.write("xl-means", GoldenFolder.KeyFormat.PUBLISHED, folder);
    Path single = folder.resolve("playground.safetensors");
    CheckpointConverter.convert(whole.path(), folder.resolve("plain.safetensors"));
    Map<String, Object> vae =
        new HashMap<>(ModelOpener.open(whole.path()).config("vae").values());
    try (TensorScope scope = TensorScope.open();
        Safetensors plain = Safetensors.open(folder.resolve("plain.safetensors"))) {
      Map<String, Tensor> tensors = new HashMap<>();
      plain.names().forEach(name -> tensors.put(name, plain.read(name)));
      tensors.put("edm_mean", torch.tensor(new float[] {-1.5f, 2, -1.25f, 2.5f}).view(1, 4, 1, 1));
      tensors.put("edm_std", torch.tensor(new float[] {8, 6, 6.5f, 5.25f}).view(1, 4, 1, 1));
      Map<String, String> metadata = new HashMap<>(plain.metadata());
      metadata.remove(SingleFile.CONFIG + "scheduler");
      vae.keySet().removeAll(Set.of("latents_mean", "latents_std"));
      metadata.put(SingleFile.CONFIG + "vae", SingleFileWriter.json(vae));
      SafetensorsWriter.write(single, tensors, metadata);
    }
    vae.putAll(Map.of(
        "scaling_factor",
        0.5,
        "latents_mean",
        List.of(-1.5, 2.0, -1.25, 2.5),
        "latents_std",
        List.of(8.0, 6.0, 6.5, 5.25)));
    Files.writeString(whole.path().resolve("vae/config.json"), SingleFileWriter.json(vae));
    whole.schedule(Map.of("_class_name", "EDMDPMSolverMultistepScheduler"));
    SingleFile opened = SingleFile.open(single);
    assertEquals("EDMDPMSolverMultistepScheduler", opened.scheduler().values().get("_class_name"));
    assertArrayEquals(pixels(ModelOpener.open(whole.path())), pixels(opened));
  }

  @Test
  void keepsWhatNoNetworkReadsButNotTheAverages() {
    Path single = folder.resolve("whole.safetensors");
    CheckpointConverter.convert(golden("base"), folder.resolve("plain.safetensors"));
    try (TensorScope scope = TensorScope.open();
        Safetensors plain = Safetensors.open(folder.resolve("plain.safetensors"))) {
      Map<String, Tensor> tensors = new HashMap<>();
      plain.names().forEach(name -> tensors.put(name, plain.read(name)));
      tensors.put("alphas_cumprod", torch.ones(7));
      tensors.put("model_ema.decay", torch.ones(1));
      tensors.put(
          "cond_stage_model.transformer.text_model.embeddings.position_ids", torch.ones(1, 77));
      SafetensorsWriter.write(single, tensors, plain.metadata());
    }
    CheckpointConverter.convert(single, folder.resolve("after"));
    CheckpointConverter.convert(folder.resolve("after"), folder.resolve("again.safetensors"));
    try (Safetensors before = Safetensors.open(single);
        Safetensors after = Safetensors.open(folder.resolve("again.safetensors"))) {
      Set<String> kept = new java.util.TreeSet<>(before.names());
      kept.remove("model_ema.decay");
      assertEquals(kept, new java.util.TreeSet<>(after.names()));
    }
    assertArrayEquals(
        pixels(ModelOpener.open(folder.resolve("base-published"))),
        pixels(ModelOpener.open(single)));
  }

  /** Latent diffusion's code writes averaged weights under names without dots. */
  @ParameterizedTest
  @CsvSource({"base", "lists", "v-prediction", "time-embedding", "xl-base", "xl-refiner"})
  void usesAveragedWeightsIfThereAreNoOthers(String variant) {
    Path before = golden(variant);
    Path whole = folder.resolve("whole.safetensors");
    Path averaged = folder.resolve("averaged.safetensors");
    Path dotted = folder.resolve("dotted.safetensors");
    CheckpointConverter.convert(before, whole);
    try (TensorScope scope = TensorScope.open();
        Safetensors all = Safetensors.open(whole)) {
      Map<String, Tensor> tensors = new HashMap<>();
      all.names().forEach(name -> tensors.put(averagedName(name), all.read(name)));
      tensors.put("model_ema.decay", torch.ones(new long[0]));
      SafetensorsWriter.write(averaged, tensors, all.metadata());
      write(all, dotted, name -> name.replaceFirst("^model\\.diff", "model_ema.diff"));
    }
    SingleFile opened = SingleFile.open(averaged);
    assertEquals(1, opened.unusedTensors().get("ema"));
    assertTrue(opened.missingComponents().isEmpty(), opened.missingComponents().toString());
    String notice = averaged + " has averaged (EMA) weights only, so these are used";
    assertEquals(List.of(notice), opened.notices());
    assertEquals(List.of(), SingleFile.open(whole).notices());
    for (String component : opened.componentNames()) {
      assertSame(SingleFile.open(whole).weights(component), opened.weights(component));
      assertSame(
          SingleFile.open(whole).weights(component), SingleFile.open(dotted).weights(component));
    }
    Path after = folder.resolve("after");
    CheckpointConverter.convert(averaged, after);
    assertSame(ModelOpener.open(before).weights("unet"), ModelOpener.open(after).weights("unet"));
    if (variant.equals("xl-refiner")) {
      return; // It generates from images alone.
    }
    List<String> said = new ArrayList<>();
    try (BaseModel base = BaseModel.open(averaged, Compute.EXACT);
        BaseModel part =
            BaseModel.open(ModelFiles.of(before).with("unet", averaged), Compute.EXACT)) {
      for (BaseModel each : List.of(base, part)) {
        assertArrayEquals(
            pixels(ModelOpener.open(before)),
            each.generateAll(REQUEST, Run.of(event -> {
                  if (event instanceof ProgressEvent.Notice warning) {
                    said.add(warning.message());
                  }
                }))
                .get(0)
                .pixels());
      }
    }
    assertEquals(List.of(notice, notice), said);
  }

  private static String averagedName(String name) {
    return name.startsWith("model.diffusion_model.")
        ? "model_ema." + name.substring("model.".length()).replace(".", "")
        : name;
  }

  @Test
  void refusesAveragedWeightsOfAnUnknownNetwork() {
    Path file = folder.resolve("averaged.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          file, Map.of("model_ema.diffusion_modellayers0weight", torch.ones(2)), Map.of());
    }
    assertTrue(assertThrows(InvalidInputException.class, () -> SingleFile.open(file))
        .getMessage()
        .startsWith(
            file + " is not a base model of a known family, as its tensor names show; give "));
  }

  @Test
  void castsWhatIsFloating() {
    CheckpointConverter.convert(golden("base"), folder.resolve("half.safetensors"), DType.F16);
    try (TensorScope scope = TensorScope.open();
        Safetensors half = Safetensors.open(folder.resolve("half.safetensors"))) {
      half.names().forEach(name -> assertEquals(DType.F16, half.dtype(name), name));
    }
  }

  @Test
  void takesAnotherAutoencoderInEitherKeyFormatAndSaysWhenThereIsNone() {
    Path base = golden("base");
    float[] whole = pixels(ModelOpener.open(base));
    CheckpointConverter.convert(base, folder.resolve("whole.safetensors"));
    Path without = folder.resolve("without.safetensors");
    Path alone = folder.resolve("alone.safetensors");
    try (Safetensors all = Safetensors.open(folder.resolve("whole.safetensors"))) {
      write(all, without, name -> name.startsWith("first_stage_model.") ? null : name);
      write(all, alone, name -> name.startsWith("first_stage_model.") ? name.substring(18) : null);
    }
    assertEquals(
        without + " has no vae; add it with --part vae=PATH or ModelFiles.with; supported:"
            + " AutoencoderKL, AutoencoderTiny",
        assertThrows(InvalidInputException.class, () -> BaseModel.open(without, Compute.EXACT))
            .getMessage());
    assertArrayEquals(whole, pixels(ModelOpener.open(without).with("vae", alone)));
    assertArrayEquals(whole, pixels(ModelOpener.open(without).with("vae", base.resolve("vae"))));
    assertArrayEquals(whole, pixels(ModelOpener.open(without).with("vae", base)));
    assertArrayEquals(
        whole, pixels(ModelOpener.open(without).with("vae", folder.resolve("whole.safetensors"))));
  }

  @ParameterizedTest
  @CsvSource({"base", "xl-means"})
  void generatesTheSameWithoutTheAutoencodersConfig(String variant) throws IOException {
    Path base = golden(variant);
    Path alone = Files.copy(
        base.resolve("vae/diffusion_pytorch_model.safetensors"),
        folder.resolve("alone.safetensors"));
    assertArrayEquals(
        pixels(ModelOpener.open(base)), pixels(ModelOpener.open(base).with("vae", alone)));
  }

  private static void write(
      Safetensors all, Path file, java.util.function.UnaryOperator<String> rename) {
    SafetensorsWriter.write(file, RenamedSource.of(all, rename), all.metadata());
  }

  @Test
  void refusesCosXlByName() {
    Path file = folder.resolve("cosxl.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file, Map.of("edm_vpred.sigma_max", torch.ones(1)), Map.of());
    }
    assertEquals(
        file
            + " is of the family CosXL, which is not supported; give a checkpoint of"
            + " sdxl-refiner, sdxl, sd2, sd1, flux,"
            + " sd3, flux2, z-image, chroma",
        assertThrows(InvalidInputException.class, () -> SingleFile.open(file)).getMessage());
  }

  @Test
  void refusesAFileOfNoKnownFamily() {
    Path file = folder.resolve("odd.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file, Map.of("weight", torch.ones(2)), Map.of());
    }
    assertEquals(
        file + " is not a base model of a known family, as its tensor names show;"
            + " give a checkpoint of sdxl-refiner,"
            + " sdxl, sd2, sd1, flux, sd3,"
            + " flux2, z-image, chroma, or a diffusers folder",
        assertThrows(InvalidInputException.class, () -> SingleFile.open(file)).getMessage());
  }
}
