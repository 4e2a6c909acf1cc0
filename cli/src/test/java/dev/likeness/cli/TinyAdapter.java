package dev.likeness.cli;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.projection.ResamplerConfig;
import dev.likeness.ipadapter.internal.registry.MethodRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** IP-Adapter files of seeded weights under the published names. */
public final class TinyAdapter {
  private static final int SEED = 9;

  private TinyAdapter() {}

  /** Writes an IP-Adapter of four tokens for an encoder whose projection is that wide. */
  static void ofImages(BaseModel base, long projection, Path file) throws IOException {
    write(base, MethodRegistry.IP_ADAPTER, 4, projection, 0, file);
  }

  /** Writes a FaceID Portrait of eight tokens for a recogniser of so many numbers. */
  static void ofFaces(BaseModel base, long numbers, Path file) throws IOException {
    write(base, MethodRegistry.FACE_ID_PORTRAIT, 8, 0, numbers, file);
  }

  /** Writes an InstantID adapter, whose face embeddings have 512 numbers. */
  public static void ofInstantId(BaseModel base, Path file) throws IOException {
    write(base, MethodRegistry.INSTANT_ID, 16, 0, 512, file);
  }

  /** Writes a FaceID adapter without its LoRA, whose face embeddings have 512 numbers. */
  static void ofFaceId(BaseModel base, Path file) throws IOException {
    write(base, MethodRegistry.FACE_ID, 4, 0, 512, file);
  }

  /** Writes a FaceID-Plus adapter without its LoRA. */
  static void ofFaceIdPlus(BaseModel base, Path file) throws IOException {
    write(base, MethodRegistry.FACE_ID_PLUS, 4, 12, 512, file);
  }

  private static void write(
      BaseModel base, IdentityMethod kind, int tokens, long image, long face, Path file)
      throws IOException {
    AdapterSites sites = AdapterSites.of(base);
    AdapterLayout layout = new AdapterLayout(
        kind,
        tokens,
        sites.contextWidth(),
        image,
        face,
        2 * face,
        new ResamplerConfig(8, 8, 1),
        sites.widths(),
        false);
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(SEED);
        TrainableWeights weights =
            new TrainableWeights(WeightInitializer.seeded(noise, name -> false))) {
      layout.projection(Weights.of(weights), Double.NaN);
      for (int t = 0; t < sites.paths().size(); t++) {
        for (String layer : List.of("to_k_ip", "to_v_ip")) {
          weights.get(
              "ip_adapter." + sites.keyIndex(t) + "." + layer + ".weight",
              sites.widths().get(t),
              sites.contextWidth());
        }
      }
      Files.createDirectories(file.getParent());
      SafetensorsWriter.write(file, new HashMap<>(weights.leaves()), Map.of());
    }
  }
}
