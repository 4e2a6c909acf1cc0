package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.BaseModels;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.chroma.ChromaKeyFormat;
import dev.likeness.diffusion.internal.family.flux.FluxKeyFormat;
import dev.likeness.diffusion.internal.family.flux2.Flux2KeyFormat;
import dev.likeness.diffusion.internal.family.sd3.Sd3KeyFormat;
import dev.likeness.diffusion.internal.family.zimage.ZImageKeyFormat;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.ClipKeyFormat;
import dev.likeness.diffusion.internal.vae.AutoencoderKeyFormat;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Files with everything in one, in their authors' names, draw what their folders draw. */
@ExtendWith(NoTensorLeaks.class)
class SingleTransformerFileTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("red hair, glasses").steps(2).guidance(3).size(32, 24).seed(5);

  @TempDir
  private Path folder;

  @Test
  void generatesTheSameFromAFileOfStableDiffusion3() throws IOException {
    PipelineFolder whole = PipelineFolder.write("sd3/medium", folder);
    project(
        whole,
        "text_encoder_2",
        12,
        old -> old.slice(0, new LongOptional(0), new LongOptional(12), 1));
    project(whole, "text_encoder", 32, old -> torch.eye(32));
    Map<String, KeyMapping> layouts = new LinkedHashMap<>();
    layouts.put("transformer", Sd3KeyFormat.layout(4).withPrefix("model.diffusion_model."));
    layouts.put(
        "vae", AutoencoderKeyFormat.AutoencoderLayout.of(2, 2).withPrefix("first_stage_model."));
    layouts.put("text_encoder", ClipKeyFormat.outputLayout(false, true, "text_encoders.clip_l."));
    layouts.put("text_encoder_2", ClipKeyFormat.outputLayout(false, true, "text_encoders.clip_g."));
    float[] expected = generate(ModelOpener.open(whole.path()));
    // Their CLIP-L has no projection, or one that counts for nothing.
    project(whole, "text_encoder", 32, old -> old.mul(new Scalar(2)));
    Path file = written(whole, layouts);
    assertArrayEquals(expected, generate(ModelOpener.open(file)));
    Path without = folder.resolve("without.safetensors");
    try (Safetensors all = Safetensors.open(file)) {
      SafetensorsWriter.write(
          without,
          RenamedSource.of(
              all,
              name -> name.equals("text_encoders.clip_l.transformer.text_projection.weight")
                  ? null
                  : name),
          all.metadata());
    }
    assertArrayEquals(expected, generate(ModelOpener.open(without)));
  }

  @Test
  void takesAClipComponentFileOfStableDiffusion3Unprojected() throws IOException {
    ModelComponents whole =
        ModelOpener.open(PipelineFolder.write("sd3/medium", folder).path());
    Path file = folder.resolve("clip_l.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new HashMap<>();
      Map.of(
              "embeddings.token_embedding.weight",
              9,
              "embeddings.position_embedding.weight",
              7,
              "encoder.layers.0.mlp.fc1.weight",
              5)
          .forEach((name, rows) -> tensors.put("text_model." + name, torch.zeros(rows, 64)));
      tensors.put("text_model.final_layer_norm.weight", torch.zeros(64));
      SafetensorsWriter.write(file, tensors, Map.of());
      ModelComponents files = whole.with("text_encoder", file);
      assertEquals(64, files.config("text_encoder").integer("projection_dim", 0));
      try (TensorSource source = files.weights("text_encoder")) {
        assertTrue(torch.equal(torch.eye(64), source.read("text_projection.weight")));
      }
    }
  }

  private static void project(
      PipelineFolder whole, String part, int width, UnaryOperator<Tensor> change)
      throws IOException {
    Path config = whole.path().resolve(part).resolve("config.json");
    Map<String, Object> options = new LinkedHashMap<>(ModelConfig.read(config).values());
    options.put("projection_dim", width);
    Files.write(config, JSON.std.asBytes(options));
    changed(config.resolveSibling("model.safetensors"), "text_projection.weight", change);
  }

  private static void changed(Path file, String name, UnaryOperator<Tensor> change) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new HashMap<>();
      try (Safetensors before = Safetensors.open(file)) {
        before.names().forEach(each -> tensors.put(each, before.read(each).clone()));
      }
      tensors.put(name, change.apply(tensors.get(name)));
      SafetensorsWriter.write(file, tensors, Map.of());
    }
  }

  @Test
  void generatesTheSameFromAFileOfFluxWithT5BesideIt() throws IOException {
    PipelineFolder whole = PipelineFolder.write("flux/schnell", folder);
    Map<String, KeyMapping> layouts = new LinkedHashMap<>();
    layouts.put("transformer", FluxKeyFormat.layout(1, 3));
    layouts.put("vae", AutoencoderKeyFormat.AutoencoderLayout.of(3, 3).withPrefix("vae."));
    layouts.put("text_encoder", ClipKeyFormat.outputLayout(false, false, "text_encoders.clip_l."));
    Path file = written(whole, layouts);
    assertEquals(
        file
            + " has no text_encoder_2; add it with --part text_encoder_2=PATH or ModelFiles.with; supported:"
            + " T5EncoderModel",
        assertThrows(InvalidInputException.class, () -> BaseModel.open(file, Compute.EXACT))
            .getMessage());
    ModelComponents files =
        ModelOpener.open(file).with("text_encoder_2", whole.path().resolve("text_encoder_2"));
    Path bare = folder.resolve("t5.safetensors");
    Files.copy(whole.path().resolve("text_encoder_2/model.safetensors"), bare);
    assertEquals(
        bare + " has no tokenizer: " + folder + " contains none, and " + file
            + " contains none; put tokenizer.json, spiece.model, or"
            + " vocab.json with merges.txt into " + folder,
        assertThrows(
                InvalidInputException.class,
                () ->
                    ModelOpener.open(file).with("text_encoder_2", bare).t5Tokenizer("tokenizer_2"))
            .getMessage());
    assertArrayEquals(generate(ModelOpener.open(whole.path())), generate(files));
  }

  @Test
  void aTransformerOfFluxBringsItsScheduler() throws IOException {
    ModelComponents dev =
        ModelOpener.open(PipelineFolder.write("flux/dev", folder).path());
    Path schnell = PipelineFolder.write("flux/schnell", folder).path();
    Path file = folder.resolve("undistilled.safetensors");
    try (CanonicalTensors.ForeignSource foreign = new CanonicalTensors.ForeignSource(
        RenamedSource.of(
            dev.weights("transformer"), name -> name.contains("guidance_embedder") ? null : name),
        FluxKeyFormat.layout(2, 2))) {
      SafetensorsWriter.write(file, foreign, Map.of());
    }
    generate(dev.with("transformer", file));
    assertShifted(dev.with("transformer", file), false, 1);
    assertShifted(dev.with("transformer", schnell), false, 1);
    assertShifted(
        dev.with("transformer", dev.folder().orElseThrow().resolve("transformer")), true, 3);
  }

  private static void assertShifted(ModelComponents files, boolean byResolution, double shift) {
    assertEquals(byResolution, files.scheduler().values().get("use_dynamic_shifting"));
    assertEquals(shift, files.scheduler().values().get("shift"));
  }

  @Test
  void generatesTheSameFromAFileOfZImageWithTheLanguageModelBesideIt() throws IOException {
    PipelineFolder whole = PipelineFolder.write("zimage/turbo", folder);
    Map<String, KeyMapping> layouts = new LinkedHashMap<>();
    layouts.put("transformer", ZImageKeyFormat.layout(2, 2).withPrefix("model.diffusion_model."));
    layouts.put("vae", AutoencoderKeyFormat.AutoencoderLayout.of(2, 2).withPrefix("vae."));
    assertGeneratesTheSame(whole, layouts, "Qwen3ForCausalLM, Qwen3Model");
  }

  @Test
  void generatesTheSameFromAFileOfFlux2WithTheLanguageModelBesideIt() throws IOException {
    PipelineFolder whole = PipelineFolder.write("klein/base", folder);
    Map<String, KeyMapping> layouts = new LinkedHashMap<>();
    layouts.put("transformer", Flux2KeyFormat.layout(2, 2));
    layouts.put("vae", AutoencoderKeyFormat.AutoencoderLayout.of(2, 2, true).withPrefix("vae."));
    assertGeneratesTheSame(whole, layouts, "Qwen3ForCausalLM, Qwen3Model");
  }

  @Test
  void generatesTheSameFromAFileOfChromaWithT5BesideIt() throws IOException {
    PipelineFolder whole = PipelineFolder.write("chroma/base", folder);
    Map<String, KeyMapping> layouts = new LinkedHashMap<>();
    layouts.put("transformer", ChromaKeyFormat.layout(2, 2, 2));
    layouts.put("vae", AutoencoderKeyFormat.AutoencoderLayout.of(2, 2).withPrefix("vae."));
    assertGeneratesTheSame(whole, layouts, "T5EncoderModel");
  }

  @Test
  void refusesAFluxThatTakesAnImageBesideTheSample() throws IOException {
    Path whole = PipelineFolder.write("flux/dev", folder).path();
    Path config = whole.resolve("transformer/config.json");
    Map<String, Object> options = new LinkedHashMap<>(ModelConfig.read(config).values());
    int in = (Integer) options.get("in_channels");
    options.put("out_channels", in);
    options.put("in_channels", 2 * in);
    Files.write(config, JSON.std.asBytes(options));
    changed(
        whole.resolve("transformer/diffusion_pytorch_model.safetensors"),
        "x_embedder.weight",
        narrow -> torch.cat(new TensorVector(narrow, narrow), 1));
    String told = assertThrows(
            InvalidInputException.class, () -> BaseModel.open(whole, Compute.EXACT))
        .getMessage();
    int filling = 2 * in + 4 * 2 * 2;
    assertEquals(
        whole + ": the transformer takes " + 2 * in + " channels, expected " + in + ", or "
            + filling + " for Fill;" + " FLUX.1 Canny and Depth are not supported: use"
            + " FLUX.1 dev with a ControlNet",
        told);
  }

  private void assertGeneratesTheSame(
      PipelineFolder whole, Map<String, KeyMapping> layouts, String texts) throws IOException {
    Path file = written(whole, layouts);
    assertEquals(
        file
            + " has no text_encoder; add it with --part text_encoder=PATH or ModelFiles.with; supported: "
            + texts,
        assertThrows(InvalidInputException.class, () -> BaseModel.open(file, Compute.EXACT))
            .getMessage());
    ModelComponents files =
        ModelOpener.open(file).with("text_encoder", whole.path().resolve("text_encoder"));
    assertArrayEquals(generate(ModelOpener.open(whole.path())), generate(files));
  }

  private static float[] generate(ModelComponents files) {
    try (BaseModel base = BaseModels.open(files, Compute.EXACT)) {
      return base.generate(REQUEST).pixels();
    }
  }

  private Path written(PipelineFolder whole, Map<String, KeyMapping> layouts) throws IOException {
    Path file = folder.resolve("single.safetensors");
    ModelFolder parts = ModelFolder.open(whole.path());
    Map<String, String> metadata = new HashMap<>();
    metadata.put(
        SingleFile.CONFIG + "scheduler", JSON.std.asString(parts.scheduler().values()));
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new HashMap<>();
      for (Map.Entry<String, KeyMapping> part : layouts.entrySet()) {
        metadata.put(
            SingleFile.CONFIG + part.getKey(),
            JSON.std.asString(parts.config(part.getKey()).values()));
        try (CanonicalTensors.ForeignSource foreign =
            new CanonicalTensors.ForeignSource(parts.weights(part.getKey()), part.getValue())) {
          foreign.names().forEach(name -> tensors.put(name, foreign.read(name)));
        }
      }
      for (String tokenizer : new String[] {"tokenizer", "tokenizer_2"}) {
        Path json = whole.path().resolve(tokenizer).resolve("tokenizer.json");
        if (!Files.exists(json)) {
          continue;
        }
        metadata.put(SingleFile.TOKENIZER + tokenizer + ".tokenizer.json", Files.readString(json));
        metadata.put(
            SingleFile.TOKENIZER + tokenizer + ".tokenizer_config.json",
            Files.readString(json.resolveSibling("tokenizer_config.json")));
      }
      SafetensorsWriter.write(file, tensors, metadata);
    }
    return file;
  }
}
