package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.vae.AutoencoderKeyFormat;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A tensor of a base is dropped, renamed or added, in a folder and in a single file, in f32 and in
 * 8 bits. The image stays the same, or the error names the tensor.
 */
@ExtendWith(NoTensorLeaks.class)
class ChangedTensorsTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("red hair, glasses").steps(1).guidance(3).size(32, 24).seed(5);
  /** The number of changes of each kind for one file. */
  private static final int CHANGES = 8;

  private static final List<String> SCALES = List.of(
      "weight_scale", "weight_scale_inv", "scale_weight", "weight_quantizer._scale", "scale");

  @TempDir
  private Path folder;

  private Path base;
  private ModelFolder parts;
  private Random random;
  /** Components that the single file lacks. */
  private List<String> others;

  /** The types of the matrices of a file. */
  private enum Type {
    F32,
    F8,
    I8
  }

  /** The changes of a file. */
  private enum Change {
    DROP,
    RENAME,
    ADD
  }

  /**
   * A file of weights.
   *
   * @param component the component that it replaces; empty for a single file
   * @param metadata the texts of its header; null for a file of a component under its authors'
   *     names
   */
  private record Weights(
      String component, Map<String, Tensor> tensors, Map<String, String> metadata) {}

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sd1/base",
        "sdxl/xl-base",
        "sd3/medium",
        "flux/dev",
        "klein/base",
        "zimage/turbo",
        "chroma/base"
      })
  void namesTheChangedTensorOrGeneratesTheSameImage(String name) throws IOException {
    base = PipelineFolder.any(name, folder);
    parts = ModelFolder.open(base);
    random = new Random(name.hashCode());
    others = parts.componentNames().stream()
        .filter(part -> parts.componentClass("unet") == null && part.startsWith("text_encoder"))
        .toList();
    float[] reference = generate(parts);
    List<String> wrong = new ArrayList<>();
    try (TensorScope scope = TensorScope.open()) {
      List<Weights> files = new ArrayList<>();
      Weights whole = singleFile();
      files.add(whole);
      if (parts.componentClass("transformer") != null) {
        files.add(transformerFile(whole));
      }
      for (String component : parts.componentNames()) {
        files.add(componentFile(component));
      }
      for (Weights file : files) {
        assertArrayEquals(reference, generate(with(file)), file.component());
        for (Type type : file.component().isEmpty() ? Type.values() : someTypes()) {
          try (TensorScope each = TensorScope.open()) {
            wrong.addAll(faults(file, type));
          }
        }
        with(file);
      }
    }
    assertTrue(wrong.isEmpty(), String.join("\n", wrong));
  }

  private Type[] someTypes() {
    return new Type[] {Type.F32, random.nextBoolean() ? Type.F8 : Type.I8};
  }

  private List<String> faults(Weights file, Type type) throws IOException {
    Weights stored = stored(file, type, false);
    float[] expected = generate(with(stored(file, type, true)));
    List<String> wrong = new ArrayList<>();
    if (!Arrays.equals(expected, generate(with(stored)))) {
      wrong.add(file.component() + " in " + type + ": another image than with scaled f32");
    }
    for (Change change : Change.values()) {
      for (int i = 0; i < (file.component().isEmpty() ? CHANGES : CHANGES / 4); i++) {
        Map<String, Tensor> changed = new TreeMap<>(stored.tensors());
        List<String> names = new ArrayList<>(changed.keySet());
        String old = names.get(random.nextInt(names.size()));
        String now =
            change == Change.DROP ? old : change == Change.RENAME ? renamed(old) : added(old);
        if (change == Change.ADD) {
          changed.putIfAbsent(now, changed.get(old));
        } else {
          Tensor moved = changed.remove(old);
          if (change == Change.RENAME) {
            changed.put(now, moved);
          }
        }
        String said = outcome(new Weights(file.component(), changed, file.metadata()), expected);
        if (!said.isEmpty() && names(old, now).noneMatch(said::contains)) {
          wrong.add(file.component() + " in " + type + ", " + change + " " + old + " " + now + ": "
              + said);
        }
      }
    }
    return wrong;
  }

  // A lost scale is told by the name of its weight.
  private static Stream<String> names(String old, String now) {
    return Stream.concat(
        Stream.of(old, now),
        SCALES.stream()
            .filter(scale -> old.endsWith("." + scale))
            .map(scale -> old.substring(0, old.length() - scale.length()) + "weight"));
  }

  // The error; empty for the expected image.
  private String outcome(Weights file, float[] expected) {
    try {
      return Arrays.equals(expected, generate(with(file))) ? "" : "another image";
    } catch (InvalidInputException e) {
      return e.getMessage();
    }
  }

  private String renamed(String name) {
    int dot = name.lastIndexOf('.');
    return switch (random.nextInt(4)) {
      case 0 -> name + "_old";
      case 1 -> name.substring(0, dot + 1) + "gain";
      case 2 -> name + ".values";
      default -> name.substring(0, dot + 1) + "inner." + name.substring(dot + 1);
    };
  }

  private String added(String name) {
    String numbered = name.replaceFirst("\\.(\\d+)\\.", ".9$1.");
    return random.nextInt(4) == 0 && !numbered.equals(name) ? numbered : renamed(name);
  }

  private static Weights stored(Weights file, Type type, boolean applied) {
    Map<String, Tensor> tensors = new TreeMap<>();
    int[] count = {0};
    file.tensors().forEach((name, value) -> {
      if (type == Type.F32 || value.dim() != 2 || !name.endsWith(".weight")) {
        tensors.put(name, value);
        return;
      }
      String module = name.substring(0, name.length() - "weight".length());
      Tensor most = type == Type.F8
          ? value.abs().max().div(new Scalar(448)).reshape(1)
          : value
              .abs()
              .amax(new long[] {1}, true)
              .div(new Scalar(127))
              .clamp_min_(new Scalar(1e-9));
      Tensor small = type == Type.F8
          ? value.div(most).to(ScalarType.Float8_e4m3fn)
          : value.div(most).round().to(ScalarType.Char);
      if (applied) {
        tensors.put(name, small.to(ScalarType.Float).mul(most));
      } else {
        tensors.put(name, small);
        tensors.put(module + SCALES.get(count[0]++ % SCALES.size()), most);
      }
    });
    return new Weights(file.component(), tensors, file.metadata());
  }

  private ModelComponents with(Weights file) {
    Path path = folder.resolve("changed").resolve("model.safetensors");
    if (!file.component().isEmpty() && file.metadata() != null) {
      return replaced(file);
    }
    SafetensorsWriter.write(
        path, file.tensors(), file.metadata() == null ? Map.of() : file.metadata());
    if (file.metadata() == null) {
      return parts.with(file.component(), path);
    }
    ModelComponents opened = ModelOpener.open(path);
    for (String component : others) {
      if (opened.componentClass(component) == null) {
        opened = opened.with(component, base.resolve(component));
      }
    }
    return opened;
  }

  /** The folder with another file in it. */
  private ModelComponents replaced(Weights file) {
    Path own = new ComponentFolder(base.resolve(file.component()), null).weights();
    SafetensorsWriter.write(own, file.tensors(), file.metadata());
    return ModelFolder.open(base);
  }

  private Weights componentFile(String component) {
    return read(component, new ComponentFolder(base.resolve(component), null).weights());
  }

  private static Weights read(String component, Path file) {
    Map<String, Tensor> tensors = new TreeMap<>();
    try (Safetensors source = Safetensors.open(file)) {
      source.names().forEach(name -> tensors.put(name, source.read(name).clone()));
      return new Weights(component, tensors, source.metadata());
    }
  }

  private Weights singleFile() throws IOException {
    if (parts.componentClass("unet") != null) {
      Path file = folder.resolve("single.safetensors");
      SingleFileWriter.write(parts, file, new TensorOutput(null, false));
      return read("", file);
    }
    Map<String, KeyMapping> layouts = new LinkedHashMap<>();
    layouts.put("transformer", transformer(parts.config("transformer")));
    ModelConfig vae = parts.config("vae");
    layouts.put(
        "vae",
        AutoencoderKeyFormat.AutoencoderLayout.of(
                vae.integers("block_out_channels").size(),
                vae.integer("layers_per_block", 1) + 1,
                parts.componentClass("vae").equals("AutoencoderKLFlux2"))
            .withPrefix("vae."));
    Map<String, Tensor> tensors = new TreeMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(
        SingleFile.CONFIG + "scheduler", JSON.std.asString(parts.scheduler().values()));
    for (String tokenizer : List.of("tokenizer", "tokenizer_2")) {
      for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
        Path own = base.resolve(tokenizer).resolve(file);
        if (Files.exists(own)) {
          metadata.put(SingleFile.TOKENIZER + tokenizer + "." + file, Files.readString(own));
        }
      }
    }
    for (Map.Entry<String, KeyMapping> part : layouts.entrySet()) {
      metadata.put(
          SingleFile.CONFIG + part.getKey(),
          JSON.std.asString(parts.config(part.getKey()).values()));
      try (CanonicalTensors.ForeignSource foreign =
          new CanonicalTensors.ForeignSource(parts.weights(part.getKey()), part.getValue())) {
        foreign.names().forEach(name -> tensors.put(name, foreign.read(name).clone()));
      }
    }
    return new Weights("", tensors, metadata);
  }

  /** The transformer of a single file alone, for {@code --part}. */
  private static Weights transformerFile(Weights whole) {
    Map<String, Tensor> tensors = new TreeMap<>(whole.tensors());
    tensors.keySet().removeIf(name -> name.startsWith("vae."));
    return new Weights("transformer", tensors, null);
  }

  private KeyMapping transformer(ModelConfig config) {
    int layers = config.integer("num_layers", 0);
    int singles = config.integer("num_single_layers", 0);
    return switch (parts.componentClass("transformer")) {
      case "SD3Transformer2DModel" -> Sd3KeyFormat.layout(layers);
      case "FluxTransformer2DModel" -> FluxKeyFormat.layout(layers, singles);
      case "Flux2Transformer2DModel" -> Flux2KeyFormat.layout(layers, singles);
      case "ZImageTransformer2DModel" ->
        ZImageKeyFormat.layout(
            config.integer("n_layers", 0), config.integer("n_refiner_layers", 0));
      default -> ChromaKeyFormat.layout(layers, singles, config.integer("approximator_layers", 0));
    };
  }

  private static float[] generate(ModelComponents files) {
    try (BaseModel model = BaseModels.open(files, Compute.EXACT)) {
      return model.generate(REQUEST).pixels();
    }
  }
}
