package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.io.Sha256;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.TreeSet;
import org.bytedeco.pytorch.Tensor;

/**
 * A digest that identifies a model's network, because a folder of the same name may have another
 * model.
 */
public final class WeightsDigest {
  /** The number of values of a tensor in the digest. */
  private static final long HASHED_NUMBERS = 16;

  private WeightsDigest() {}

  /**
   * SHA-256, in hexadecimal digits, of the first values of each tensor of the denoising network.
   */
  public static String of(OpenModel model) {
    ModelComponent component = model.denoiser();
    MessageDigest digest = Sha256.digest();
    for (String name : new TreeSet<>(model.tensorNames(component))) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor flat = model.read(component, name).flatten();
        digest.update(Arrays.toString(
                ImageTensors.floats(flat.narrow(0, 0, Math.min(HASHED_NUMBERS, flat.numel()))))
            .getBytes(StandardCharsets.UTF_8));
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
