package dev.likeness.cli;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.projection.IdAttention;
import dev.likeness.ipadapter.internal.projection.IdFormer;
import dev.likeness.ipadapter.internal.projection.ResamplerConfig;
import dev.likeness.ipadapter.internal.registry.MethodRegistry;
import dev.likeness.ipadapter.internal.vision.EvaVisionConfig;
import dev.likeness.ipadapter.internal.vision.EvaVisionModel;
import dev.likeness.photos.opencv.Onnx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** PuLID files of seeded weights under the published names, with their vision tower and parser. */
public final class TinyPulid {
  private static final int SEED = 11;
  private static final int WIDTH = 64;
  private static final int POOLED = 8;
  private static final int FACE = 512;
  private static final int LABELS = 19;
  private static final int INNER = 8 * IdAttention.HEADS;
  private static final int FLUX_TOKEN = 40;

  private TinyPulid() {}

  /** Writes an adapter for a base, SDXL or FLUX.1, and returns its file. */
  public static Path write(BaseModel base, Path file) throws IOException {
    AdapterSites all = AdapterSites.of(base);
    return write(file, w -> {
      long context = all.isUnet() ? all.contextWidth() : FLUX_TOKEN;
      IdFormer.Shape shape = new IdFormer.Shape(
          new ResamplerConfig(WIDTH, WIDTH, IdFormer.HIDDEN_STATES),
          4,
          2,
          FACE + POOLED,
          WIDTH,
          (int) context);
      new IdFormer(shape, w.at(all.isUnet() ? "id_adapter" : "pulid_encoder"));
      AdapterSites sites = all.isUnet() ? all : MethodRegistry.PULID_FLUX.sites(all);
      for (int t = 0; t < sites.paths().size(); t++) {
        long width = sites.widths().get(t);
        if (all.isUnet()) {
          Weights layer = w.at("id_adapter_attn_layers").at(sites.keyIndex(t));
          Linear.withoutBias(layer.at("id_to_k"), context, width);
          Linear.withoutBias(layer.at("id_to_v"), context, width);
        } else {
          new IdAttention(w.at("pulid_ca").at(t), width, context, INNER, IdAttention.HEADS);
        }
      }
    });
  }

  /** Writes a vision tower of four patches, and returns its file. */
  public static Path writeTower(Path file) throws IOException {
    return write(
        file, w -> new EvaVisionModel(new EvaVisionConfig(WIDTH, 16, 21, 1, 28, 14, POOLED), w));
  }

  /** Writes a face parser that gives each pixel a label by its colour, and returns its file. */
  public static Path writeParser(Path file) throws IOException {
    float[][] rows = new float[LABELS][];
    for (int i = 0; i < LABELS; i++) {
      rows[i] = new float[] {i % 3 - 1, (i + 1) % 3 - 1, i % 2};
    }
    return Files.write(file, Onnx.pointwise(512, rows));
  }

  private static Path write(Path file, Consumer<Weights> networks) throws IOException {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(SEED);
        TrainableWeights weights =
            new TrainableWeights(WeightInitializer.seeded(noise, name -> false))) {
      networks.accept(Weights.of(weights));
      SafetensorsWriter.write(file, new HashMap<>(weights.leaves()), Map.of());
      return file;
    }
  }
}
