package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.TreeSet;
import org.bytedeco.pytorch.Tensor;

/**
 * What tells a model's network from another's: another model may lie where one lay, in a folder of
 * the same name.
 */
public final class WeightsDigest {
  /** Numbers of a tensor that tell it from another's. */
  private static final long HASHED_NUMBERS = 16;

  private WeightsDigest() {}

  /**
   * The first numbers of each tensor of the network that noise is predicted with, as SHA-256 in
   * hexadecimal digits.
   */
  public static String of(OpenNetworks model) {
    ModelComponent part = model.denoiser();
    MessageDigest digest = sha256();
    for (String name : new TreeSet<>(model.tensorNames(part))) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor flat = model.read(part, name).flatten();
        digest.update(Arrays.toString(
                ImageTensors.floats(flat.narrow(0, 0, Math.min(HASHED_NUMBERS, flat.numel()))))
            .getBytes(StandardCharsets.UTF_8));
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
