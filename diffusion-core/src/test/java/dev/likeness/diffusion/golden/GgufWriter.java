package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Writes GGUF files: matrices in Q8_0 where their rows have blocks of 32, all others in f32. */
public final class GgufWriter {
  private static final int BLOCK = 32;
  private static final int F32 = 0;
  private static final int Q8_0 = 8;

  private GgufWriter() {}

  /** Writes all tensors of {@code source} under their names. */
  public static void write(Path file, TensorSource source) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(1 << 18).order(ByteOrder.LITTLE_ENDIAN);
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    head.put("GGUF".getBytes(StandardCharsets.UTF_8))
        .putInt(3)
        .putLong(source.names().size())
        .putLong(0);
    for (String name : source.names()) {
      byte[] text = name.getBytes(StandardCharsets.UTF_8);
      long[] shape = source.shape(name);
      head.putLong(text.length).put(text).putInt(shape.length);
      for (int i = shape.length - 1; i >= 0; i--) {
        head.putLong(shape[i]);
      }
      boolean quantised = shape.length == 2 && shape[1] % BLOCK == 0;
      head.putInt(quantised ? Q8_0 : F32).putLong(data.size());
      float[] values =
          ImageTensors.floats(source.read(name).to(ScalarType.Float).contiguous());
      data.writeBytes(quantised ? blocks(values) : plain(values));
      data.writeBytes(new byte[(BLOCK - data.size() % BLOCK) % BLOCK]);
    }
    head.position((head.position() + BLOCK - 1) / BLOCK * BLOCK);
    byte[] front = new byte[head.position()];
    head.flip().get(front);
    Files.write(file, front);
    Files.write(file, data.toByteArray(), StandardOpenOption.APPEND);
  }

  private static byte[] plain(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  /** A scale in f16 and 32 bytes for each block. */
  private static byte[] blocks(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length / BLOCK * (2 + BLOCK)).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < values.length; at += BLOCK) {
      float largest = 0;
      for (int i = 0; i < BLOCK; i++) {
        largest = Math.max(largest, Math.abs(values[at + i]));
      }
      float scale = largest / 127;
      bytes.putShort(half(scale));
      for (int i = 0; i < BLOCK; i++) {
        bytes.put((byte) (scale == 0 ? 0 : Math.round(values[at + i] / scale)));
      }
    }
    return bytes.array();
  }

  private static short half(float value) {
    return torch
        .tensor(new float[] {value})
        .to(ScalarType.Half)
        .view(ScalarType.Short)
        .item_short();
  }
}
