package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.layout.FluxShape;
import dev.likeness.diffusion.layout.KeyLayout;
import dev.likeness.diffusion.layout.Relaid;
import dev.likeness.diffusion.layout.Sd3Shape;
import dev.likeness.diffusion.layout.T5Shape;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.text.T5Config;
import dev.likeness.diffusion.text.T5Encoder;
import dev.likeness.diffusion.transformer.FluxConfig;
import dev.likeness.diffusion.transformer.FluxTransformer2DModel;
import dev.likeness.diffusion.transformer.Sd3Config;
import dev.likeness.diffusion.transformer.Sd3Transformer2DModel;
import dev.likeness.diffusion.weights.ModelConfig;
import dev.likeness.diffusion.weights.Parameters;
import dev.likeness.diffusion.weights.TensorList;
import dev.likeness.diffusion.weights.Weights;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The networks of published size, by names and shapes alone. */
class TransformerKeysTest {
  /** Names and shapes without a file behind them. */
  private record Listed(Map<String, long[]> shapes) implements TensorList {
    @Override
    public Set<String> names() {
      return shapes.keySet();
    }

    @Override
    public long[] shape(String name) {
      return shapes.get(name);
    }

    @Override
    public DType dtype(String name) {
      return DType.BF16;
    }

    @Override
    public String describe() {
      return "a list";
    }
  }

  /** Answers with nothing and notes what was asked for. */
  private record Asked(Map<String, long[]> shapes, Set<String> names) implements Parameters {
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

  @ParameterizedTest
  @ValueSource(strings = {"flux-dev", "flux-schnell", "flux-fill", "sd3-medium", "sd3.5-medium", "sd3.5-large", "t5-xxl"})
  void readsEveryTensorUnderDiffusersNames(String name) throws IOException {
    Map<?, ?> list = list(name);
    Asked asked = new Asked(shapes(list, "canonical"), new HashSet<>());
    ModelConfig config = ModelConfig.of(options(list), name);
    if (name.startsWith("flux")) {
      new FluxTransformer2DModel(FluxConfig.of(config), Weights.of(asked));
    } else if (name.startsWith("sd3")) {
      new Sd3Transformer2DModel(Sd3Config.of(config), Weights.of(asked));
    } else {
      new T5Encoder(T5Config.of(config), Weights.of(asked));
    }
    assertEquals(new TreeSet<>(asked.shapes().keySet()), new TreeSet<>(asked.names()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"flux-dev", "flux-schnell", "flux-fill", "sd3-medium", "sd3.5-medium", "sd3.5-large", "t5-xxl"})
  void mapsEveryTensorOfItsAuthorsNames(String name) throws IOException {
    Map<?, ?> list = list(name);
    for (String prefix : new String[] {"", "model.diffusion_model."}) {
      Map<String, long[]> foreign = new HashMap<>();
      shapes(list, "foreign").forEach((key, shape) -> foreign.put(prefix + key, shape));
      Listed keys = new Listed(foreign);
      KeyLayout layout = name.startsWith("flux") ? FluxShape.layout(keys, FluxShape.prefix(keys))
          : name.startsWith("sd3") ? Sd3Shape.layout(keys, Sd3Shape.prefix(keys)) : T5Shape.layout(keys, prefix);
      Relaid relaid = new Relaid(keys, layout);
      Map<String, long[]> canonical = shapes(list, "canonical");
      assertEquals(new TreeSet<>(canonical.keySet()), new TreeSet<>(relaid.names()));
      canonical.forEach((key, shape) -> assertArrayEquals(shape, relaid.shape(key), key));
      Map<String, Object> told = name.startsWith("flux") ? FluxShape.config(keys, prefix)
          : name.startsWith("sd3") ? Sd3Shape.config(keys, prefix) : T5Shape.config(relaid);
      options(list).forEach((option, value) -> assertEquals(
          option.equals("out_channels") && value == null ? told.get("in_channels") : value, told.get(option), option));
    }
  }

  private static Map<?, ?> list(String name) throws IOException {
    try (InputStream in = new GZIPInputStream(
        TransformerKeysTest.class.getResourceAsStream("/golden/transformer-keys.json.gz"))) {
      return (Map<?, ?>) JSON.std.mapFrom(in).get(name);
    }
  }

  private static Map<String, Object> options(Map<?, ?> list) {
    Map<String, Object> options = new LinkedHashMap<>();
    ((Map<?, ?>) list.get("config")).forEach((option, value) -> options.put((String) option, value));
    return options;
  }

  private static Map<String, long[]> shapes(Map<?, ?> list, String naming) {
    return GoldenFolder.shapes((Map<?, ?>) list.get(naming));
  }
}
