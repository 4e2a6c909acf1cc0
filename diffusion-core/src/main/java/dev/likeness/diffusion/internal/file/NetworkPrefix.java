package dev.likeness.diffusion.internal.file;

import java.util.List;

/** Prefixes of the denoising network's keys in single files. */
public final class NetworkPrefix {
  /** The prefix in whole checkpoints, which latent diffusion's code introduced. */
  public static final String PUBLISHED = "model.diffusion_model.";

  /** All prefixes, the longest first. The last is that of files of the network alone. */
  public static final List<String> ALL = List.of(PUBLISHED, "diffusion_model.", "");

  private NetworkPrefix() {}
}
