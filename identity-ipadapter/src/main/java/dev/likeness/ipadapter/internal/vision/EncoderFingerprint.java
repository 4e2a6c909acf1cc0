package dev.likeness.ipadapter.internal.vision;

import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A digest by which an encoder's weights are known again. */
public final class EncoderFingerprint {
  private static final int BYTES = 8;

  private EncoderFingerprint() {}

  /**
   * SHA-256, cut to 16 hexadecimal digits, of the norms and biases: a thousandth of the weights,
   * and others after any training. They are rounded to f16, in which encoders are published too.
   */
  public static String of(TensorSource weights) {
    MessageDigest digest = sha256();
    weights.names().stream()
        .filter(name -> weights.shape(name).length == 1)
        .sorted()
        .forEach(name -> {
          try (TensorScope scope = TensorScope.open()) {
            float[] values =
                ImageTensors.floats(weights.read(name).to(ScalarType.Half).to(ScalarType.Float));
            ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length);
            bytes.asFloatBuffer().put(values);
            digest.update(name.getBytes(StandardCharsets.UTF_8));
            digest.update(bytes.array());
          }
        });
    return HexFormat.of().formatHex(digest.digest(), 0, BYTES);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
