package dev.likeness.planted.headshots;

/** Names a family; this comment may say "flux" and FluxPipeline. */
public final class NamesFamily {
  enum Base {
    SDXL,
    OTHER
  }

  // Neither does "zimage" here count.
  boolean isOf(String pipeline) {
    return pipeline.equals("FluxPipeline") || pipeline.equals("influx");
  }
}
