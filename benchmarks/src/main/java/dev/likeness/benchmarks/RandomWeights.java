package dev.likeness.benchmarks;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.projection.IdFormer;
import dev.likeness.ipadapter.internal.projection.ResamplerConfig;
import dev.likeness.ipadapter.internal.registry.MethodRegistry;
import dev.likeness.lora.Lora;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Files of random weights, for what is as fast whatever the numbers. */
public final class RandomWeights {
  /** The length of a face embedding for {@link #faceAdapter}. */
  public static final int FACE_NUMBERS = 64;

  private static final int FACE_TOKENS = 5;

  private RandomWeights() {}

  /** Writes normal noise over the square root of what a layer sums. */
  static void write(Path file, Map<String, long[]> shapes) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(1)) {
      Map<String, Tensor> tensors = new HashMap<>();
      shapes.forEach((name, shape) -> tensors.put(
          name,
          noise.next(shape).squeeze(0).mul(new Scalar(1 / Math.sqrt(shape[shape.length - 1])))));
      SafetensorsWriter.write(file, tensors, Map.of());
    }
  }

  /** A LoRA on queries, keys, values and outputs of every attention of a base's UNet. */
  public static Lora lora(BaseModel base, int rank) {
    AdapterSites attentions = AdapterSites.of(base);
    Map<String, long[]> shapes = new HashMap<>();
    for (int t = 0; t < attentions.paths().size(); t++) {
      long width = attentions.widths().get(t);
      String block = attentions.paths().get(t);
      for (String layer : List.of("to_q", "to_k", "to_v", "to_out.0")) {
        factors(shapes, block + ".attn1." + layer, width, width, rank);
        factors(
            shapes,
            block + ".attn2." + layer,
            layer.matches("to_[kv]") ? attentions.contextWidth() : width,
            width,
            rank);
      }
    }
    try {
      Path file = Files.createTempFile("lora", ".safetensors");
      write(file, shapes);
      Lora lora = Lora.open(file, base);
      Files.delete(file);
      return lora;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes an IP-Adapter of a base's UNet that needs only a face embedding. */
  public static void faceAdapter(Path file, BaseModel base) {
    AdapterSites attentions = AdapterSites.of(base);
    Map<String, long[]> shapes = new HashMap<>();
    long context = attentions.contextWidth();
    shapes.put("image_proj.proj.0.weight", new long[] {2 * FACE_NUMBERS, FACE_NUMBERS});
    shapes.put("image_proj.proj.2.weight", new long[] {FACE_TOKENS * context, 2 * FACE_NUMBERS});
    for (int t = 0; t < attentions.paths().size(); t++) {
      for (String layer : List.of("to_k_ip", "to_v_ip")) {
        shapes.put(
            "ip_adapter." + attentions.keyIndex(t) + "." + layer + ".weight",
            new long[] {attentions.widths().get(t), context});
      }
    }
    shapes.put("image_proj.norm.weight", new long[] {context});
    Stream.of("proj.0", "proj.2", "norm").forEach(layer -> {
      long[] weight = shapes.get("image_proj." + layer + ".weight");
      shapes.put("image_proj." + layer + ".bias", new long[] {weight[0]});
    });
    write(file, shapes);
  }

  /** Writes InstantID's adapter for a base's UNet, with a narrow resampler of 16 tokens. */
  static void instantId(Path file, BaseModel base) {
    AdapterSites attentions = AdapterSites.of(base);
    AdapterLayout layout = new AdapterLayout(
        MethodRegistry.INSTANT_ID,
        16,
        attentions.contextWidth(),
        0,
        512,
        1024,
        new ResamplerConfig(8, 8, 1),
        attentions.widths(),
        false);
    write(file, w -> {
      layout.projection(w, Double.NaN);
      for (int t = 0; t < attentions.paths().size(); t++) {
        Weights one = w.at("ip_adapter").at(attentions.keyIndex(t));
        for (String layer : List.of("to_k_ip", "to_v_ip")) {
          Linear.withoutBias(
              one.at(layer), attentions.contextWidth(), attentions.widths().get(t));
        }
      }
    });
  }

  /**
   * Writes PuLID's attentions for a base's UNet, with a narrow encoder of 32 tokens.
   *
   * @param width width of a face's features
   * @param faceWidth length of a face embedding with the pooled output of the vision tower
   */
  static void pulid(Path file, BaseModel base, int width, int faceWidth) {
    AdapterSites attentions = AdapterSites.of(base);
    write(file, w -> {
      new IdFormer(
          new IdFormer.Shape(
              new ResamplerConfig(width, width, IdFormer.HIDDEN_STATES),
              32,
              5,
              faceWidth,
              width,
              (int) attentions.contextWidth()),
          w.at("id_adapter"));
      for (int t = 0; t < attentions.paths().size(); t++) {
        Weights one = w.at("id_adapter_attn_layers").at(attentions.keyIndex(t));
        for (String layer : List.of("id_to_k", "id_to_v")) {
          Linear.withoutBias(
              one.at(layer), attentions.contextWidth(), attentions.widths().get(t));
        }
      }
    });
  }

  /** Writes what constructors of networks read. */
  private static void write(Path file, Consumer<Weights> networks) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(1);
        TrainableWeights weights =
            new TrainableWeights(WeightInitializer.seeded(noise, name -> false))) {
      networks.accept(Weights.of(weights));
      SafetensorsWriter.write(file, new HashMap<>(weights.leaves()), Map.of());
    }
  }

  private static void factors(
      Map<String, long[]> shapes, String layer, long in, long out, int rank) {
    shapes.put("unet." + layer + ".lora_A.weight", new long[] {rank, in});
    shapes.put("unet." + layer + ".lora_B.weight", new long[] {out, rank});
  }
}
