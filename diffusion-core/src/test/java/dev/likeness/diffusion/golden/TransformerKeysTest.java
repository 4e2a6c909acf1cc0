package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.family.chroma.ChromaConfig;
import dev.likeness.diffusion.internal.family.chroma.ChromaKeyFormat;
import dev.likeness.diffusion.internal.family.chroma.ChromaTransformer2DModel;
import dev.likeness.diffusion.internal.family.flux.FluxConfig;
import dev.likeness.diffusion.internal.family.flux.FluxKeyFormat;
import dev.likeness.diffusion.internal.family.flux.FluxTransformer2DModel;
import dev.likeness.diffusion.internal.family.flux2.Flux2Config;
import dev.likeness.diffusion.internal.family.flux2.Flux2KeyFormat;
import dev.likeness.diffusion.internal.family.flux2.Flux2Transformer2DModel;
import dev.likeness.diffusion.internal.family.sd3.Sd3Config;
import dev.likeness.diffusion.internal.family.sd3.Sd3KeyFormat;
import dev.likeness.diffusion.internal.family.sd3.Sd3Transformer2DModel;
import dev.likeness.diffusion.internal.family.zimage.ZImageConfig;
import dev.likeness.diffusion.internal.family.zimage.ZImageKeyFormat;
import dev.likeness.diffusion.internal.family.zimage.ZImageTransformer2DModel;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyList;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.RowTiling;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.text.Qwen3Config;
import dev.likeness.diffusion.internal.text.Qwen3Config.Qwen3KeyFormat;
import dev.likeness.diffusion.internal.text.Qwen3Encoder;
import dev.likeness.diffusion.internal.text.T5Encoder;
import dev.likeness.diffusion.internal.text.T5KeyFormat;
import dev.likeness.diffusion.internal.vae.AutoencoderKeyFormat;
import dev.likeness.diffusion.internal.vae.AutoencoderKind;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.zip.GZIPInputStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The networks of published size, by names and shapes alone. */
class TransformerKeysTest {
  /** Answers with nothing and notes what was asked for. */
  private record RecordingWeights(Map<String, long[]> shapes, Set<String> names)
      implements Parameters {
    @Override
    public boolean has(String name) {
      return shapes.containsKey(name);
    }

    @Override
    public Tensor get(String name, long... shape) {
      assertArrayEquals(shapes.get(name), shape, name);
      names.add(name);
      return null;
    }
  }

  /** A network that is built of its config, and what tells it from a file of its authors' names. */
  private enum Known {
    FLUX(
        (c, w) -> new FluxTransformer2DModel(FluxConfig.of(c), w),
        FluxKeyFormat::layout,
        FluxKeyFormat::config),
    SD3(
        (c, w) -> new Sd3Transformer2DModel(Sd3Config.of(c), w),
        Sd3KeyFormat::layout,
        Sd3KeyFormat::config),
    FLUX2(
        (c, w) -> new Flux2Transformer2DModel(Flux2Config.of(c), w),
        Flux2KeyFormat::layout,
        Flux2KeyFormat::config),
    Z(
        (c, w) -> new ZImageTransformer2DModel(ZImageConfig.of(c), w),
        ZImageKeyFormat::layout,
        ZImageKeyFormat::config),
    CHROMA1(
        (c, w) -> new ChromaTransformer2DModel(ChromaConfig.of(c), w),
        ChromaKeyFormat::layout,
        ChromaKeyFormat::config),
    T5(
        (c, w) -> new T5Encoder(T5Encoder.T5Config.of(c), w),
        T5KeyFormat::layout,
        (keys, prefix) ->
            T5KeyFormat.config(new CanonicalTensors(keys, T5KeyFormat.layout(keys, prefix)))),
    QWEN3(
        (c, w) -> Qwen3Encoder.check(Qwen3Config.of(c), w),
        Qwen3KeyFormat::layout,
        (keys, prefix) ->
            Qwen3KeyFormat.config(new CanonicalTensors(keys, Qwen3KeyFormat.layout(keys, prefix)))),
    VAE(
        (c, w) -> AutoencoderKind.named("AutoencoderKLFlux2", FamilyRegistry.autoencoders())
            .read()
            .apply(c)
            .network()
            .apply(w, RowTiling.NONE),
        AutoencoderKeyFormat::layout,
        (keys, prefix) -> AutoencoderKeyFormat.config(
            new CanonicalTensors(keys, AutoencoderKeyFormat.layout(keys, prefix)),
            FamilyRegistry.autoencoders()));

    private final BiConsumer<ModelConfig, Weights> builder;
    private final BiFunction<TensorNames, String, KeyMapping> keyMapping;
    private final BiFunction<TensorNames, String, Map<String, Object>> configuration;

    Known(
        BiConsumer<ModelConfig, Weights> built,
        BiFunction<TensorNames, String, KeyMapping> layout,
        BiFunction<TensorNames, String, Map<String, Object>> told) {
      this.builder = built;
      this.keyMapping = layout;
      this.configuration = told;
    }

    static Known of(String name) {
      return name.equals("flux2-vae")
          ? VAE
          : valueOf(name.split("[-.]")[0].toUpperCase(Locale.ROOT));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "flux-dev",
        "flux-schnell",
        "flux-fill",
        "sd3-medium",
        "sd3.5-medium",
        "sd3.5-large",
        "t5-xxl",
        "flux2-klein-4b",
        "flux2-klein-9b",
        "flux2-vae",
        "z-image-turbo",
        "qwen3-4b",
        "qwen3-8b",
        "chroma1-hd"
      })
  void readsEveryTensorUnderDiffusersNames(String name) throws IOException {
    Map<?, ?> list = list(name);
    RecordingWeights asked = new RecordingWeights(shapes(list, "canonical"), new HashSet<>());
    Known.of(name).builder.accept(ModelConfig.of(options(list), name), Weights.of(asked));
    assertEquals(new TreeSet<>(asked.shapes().keySet()), new TreeSet<>(asked.names()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "flux-dev",
        "flux-schnell",
        "flux-fill",
        "sd3-medium",
        "sd3.5-medium",
        "sd3.5-large",
        "t5-xxl",
        "flux2-klein-4b",
        "flux2-klein-9b",
        "flux2-vae",
        "z-image-turbo",
        "qwen3-4b",
        "qwen3-8b",
        "chroma1-hd"
      })
  void mapsEveryTensorOfItsAuthorsNames(String name) throws IOException {
    Map<?, ?> list = list(name);
    for (String prefix : new String[] {"", "model.diffusion_model."}) {
      Map<String, long[]> foreign = new HashMap<>();
      shapes(list, "foreign").forEach((key, shape) -> foreign.put(prefix + key, shape));
      KeyList keys = new KeyList("a list", foreign);
      Known known = Known.of(name);
      CanonicalTensors relaid = new CanonicalTensors(keys, known.keyMapping.apply(keys, prefix));
      Map<String, long[]> canonical = shapes(list, "canonical");
      assertEquals(new TreeSet<>(canonical.keySet()), new TreeSet<>(relaid.names()));
      canonical.forEach((key, shape) -> assertArrayEquals(shape, relaid.shape(key), key));
      Map<String, Object> told = known.configuration.apply(keys, prefix);
      options(list)
          .forEach((option, value) -> assertEquals(
              option.equals("out_channels") && value == null ? told.get("in_channels") : value,
              told.get(option),
              option));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "flux-dev, flux",
    "sd3.5-medium, sd3",
    "flux2-klein-4b, flux2",
    "z-image-turbo, z-image",
    "chroma1-hd, chroma"
  })
  void detectsTheFamilyOfAFileWithItsAuthorsNames(String name, String family) throws IOException {
    assertEquals(
        family,
        FamilyRegistry.variant(new KeyList("a list", shapes(list(name), "foreign")))
            .name());
  }

  private static Map<?, ?> list(String name) throws IOException {
    try (InputStream in = new GZIPInputStream(TransformerKeysTest.class.getResourceAsStream(
        name.startsWith("chroma")
            ? "/golden/chroma/keys.json.gz"
            : "/golden/transformer-keys.json.gz"))) {
      return (Map<?, ?>) JSON.std.mapFrom(in).get(name);
    }
  }

  private static Map<String, Object> options(Map<?, ?> list) {
    Map<String, Object> options = new LinkedHashMap<>();
    ((Map<?, ?>) list.get("config"))
        .forEach((option, value) -> options.put((String) option, value));
    return options;
  }

  private static Map<String, long[]> shapes(Map<?, ?> list, String naming) {
    return GoldenFolder.shapes((Map<?, ?>) list.get(naming));
  }
}
