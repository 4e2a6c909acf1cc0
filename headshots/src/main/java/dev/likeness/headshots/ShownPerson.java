package dev.likeness.headshots;

import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.adapt.Adapter;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.lora.LoraWeight;
import dev.likeness.lora.TrainedPerson;
import java.util.function.DoubleFunction;

/**
 * A person whom photos show to an IP-Adapter while their pictures are drawn; nothing is learnt, unless a LoRA of theirs
 * acts beside. Shared by threads; adapter and LoRA stay their owners'.
 *
 * @param prompt the photos as the adapter sees them
 * @param learnt the person's LoRA, or null
 * @param consent who agreed to what
 * @param adapter what showed them, for the record
 * @param dial what a likeness setting means
 * @param faces what drawn faces are held to, or null
 */
public record ShownPerson(ImagePrompt prompt, TrainedPerson learnt, Consent consent, String adapter,
    LikenessDial dial, FaceReferences faces) implements Identity {
  /** The same person with their LoRA acting too. */
  public ShownPerson with(TrainedPerson lora) {
    return new ShownPerson(prompt, lora, consent, adapter, dial, faces);
  }

  /** The same person drawn along a measured curve. */
  public ShownPerson along(LikenessDial measured) {
    return new ShownPerson(prompt, learnt, consent, adapter, measured, faces);
  }

  /** At a likeness setting, 0 to 1, their face held by nothing. */
  @Override
  public Adapter at(double likeness) {
    return at(dial.unheld().at(likeness, learnt != null), LoraWeight::of);
  }

  /** As a setting says, their LoRA acting by what {@code course} makes of its weight. */
  Adapter at(LikenessDial.Setting setting, DoubleFunction<LoraWeight> course) {
    Adapter shown = prompt.steps(setting.start(), setting.end()).at(setting.adapter());
    return learnt == null ? shown : learnt.lora().at(course.apply(setting.lora())).and(shown);
  }

  @Override
  public String phrase() {
    return learnt == null ? prompt.phrase() : learnt.phrase();
  }
}
