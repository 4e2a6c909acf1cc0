package dev.likeness.planted.headshots;

/** Names a family; this comment may say "flux" and FluxPipeline. */
public final class NamesFamily {
  enum Base {
    SDXL,
    OTHER,
    /** A published schedule, which the rule lets pass. */
    ALIGN_YOUR_STEPS_SDXL
  }

  // Neither does "zimage" here count.
  boolean isOf(String pipeline) {
    return pipeline.equals("FluxPipeline") || pipeline.equals("influx");
  }

  // A name that begins like that of a published schedule does not pass.
  boolean isSchedule(String name) {
    return name.equals("align_your_steps_sd15") || name.equals("align_your_steps_flux");
  }
}
