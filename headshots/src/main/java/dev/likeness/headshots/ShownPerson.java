package dev.likeness.headshots;

import dev.likeness.diffusion.adapt.Adapter;
import dev.likeness.diffusion.adapt.Identity;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.lora.TrainedPerson;

/**
 * A person whom photos show to an IP-Adapter while their pictures are drawn; nothing is learnt, unless a LoRA of theirs
 * acts beside. Shared by threads; adapter and LoRA stay their owners'.
 *
 * @param prompt the photos as the adapter sees them
 * @param learnt the person's LoRA, or null
 * @param consent who agreed to what
 * @param adapter what showed them, for the record
 */
public record ShownPerson(ImagePrompt prompt, TrainedPerson learnt, Consent consent,
    String adapter) implements Identity {
  // At full weight an adapter repeats the photo and no longer follows the words (Ye et al. 2023, section 4.4.2).
  private static final double ALONE = 0.8;
  private static final double BESIDE_A_LORA = 0.4;

  /** The same person with their LoRA acting too. */
  public ShownPerson with(TrainedPerson lora) {
    return new ShownPerson(prompt, lora, consent, adapter);
  }

  @Override
  public Adapter at(double weight) {
    return learnt == null ? prompt.at(ALONE * weight) : learnt.at(weight).and(prompt.at(BESIDE_A_LORA * weight));
  }

  @Override
  public String phrase() {
    return learnt == null ? prompt.phrase() : learnt.phrase();
  }
}
