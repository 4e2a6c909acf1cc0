package dev.likeness.diffusion.internal.file;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Prefixes of the denoising network's keys in single files. */
public final class NetworkPrefix {
  /** The prefix in whole checkpoints, which latent diffusion's code introduced. */
  public static final String PUBLISHED = "model.diffusion_model.";

  /** All prefixes, the longest first. The last is that of files of the network alone. */
  public static final List<String> ALL = List.of(PUBLISHED, "diffusion_model.", "");

  private NetworkPrefix() {}

  /** Returns the first prefix below which a file has all of these tensors; null if none has. */
  public static @Nullable String of(TensorNames keys, String... tensors) {
    return ALL.stream()
        .filter(prefix -> Arrays.stream(tensors).allMatch(tensor -> keys.has(prefix + tensor)))
        .findFirst()
        .orElse(null);
  }
}
