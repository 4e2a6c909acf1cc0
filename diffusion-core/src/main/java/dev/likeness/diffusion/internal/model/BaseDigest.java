package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.io.Sha256;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A digest by which a base is recognised in another folder or key format: SHA-256 of the names,
 * types and shapes in the headers of its denoising network, and of some values of some matrices.
 * Fine-tunes of a base have equal headers, but other values.
 */
public final class BaseDigest {
  private static final int SAMPLED_TENSORS = 16;
  private static final long SAMPLED_VALUES = 64;
  /** Larger matrices are not read, because their values are checked as a whole. */
  private static final long LARGEST = 1 << 20;

  private BaseDigest() {}

  /**
   * Returns the digest of a base.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if its family is not known, or its
   *     denoising network is missing or broken
   */
  public static String of(ModelComponents files) {
    String network = FamilyRegistry.of(files).network().component().folder();
    MessageDigest digest = Sha256.digest();
    try (TensorSource source = files.weights(network)) {
      for (String name : new TreeSet<>(source.names())) {
        add(
            digest,
            name + " " + source.dtype(name) + " " + Arrays.toString(source.shape(name)) + "\n");
      }
      for (String name : sampledMatrices(source)) {
        try (TensorScope scope = TensorScope.open()) {
          Tensor values = source.read(name).flatten().to(ScalarType.Float);
          long count = Math.min(SAMPLED_VALUES, values.numel());
          add(digest, Arrays.toString(ImageTensors.floats(values.narrow(0, 0, count))));
        }
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Returns matrices at equal distances in the order of their names. */
  private static List<String> sampledMatrices(TensorNames source) {
    List<String> all = new TreeSet<>(source.names())
        .stream()
            .filter(name -> source.shape(name).length > 1
                && source.elements(name) <= LARGEST
                && source.dtype(name).isFloating())
            .toList();
    int step = Math.max(1, all.size() / SAMPLED_TENSORS);
    return IntStream.range(0, all.size())
        .filter(i -> i % step == 0)
        .mapToObj(all::get)
        .toList();
  }

  private static void add(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
  }
}
