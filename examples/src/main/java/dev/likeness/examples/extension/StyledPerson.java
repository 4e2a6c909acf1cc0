package dev.likeness.examples.extension;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.lora.Lora;
import java.util.Optional;

/**
 * A kind of person of an application: any person of the library, with a LoRA for the look of a
 * company's photos. Requests, {@code HeadshotStudio} and queues accept it like every person.
 *
 * @param person the person, such as a trained one
 * @param look the LoRA of the look; the caller closes it after the last generation
 * @param lookWeight the weight of the look at any identity strength
 * @param lookWords the words that the LoRA was trained with
 */
public record StyledPerson(Identity person, Lora look, double lookWeight, String lookWords)
    implements Identity {
  /** {@inheritDoc} Only the weight of the person depends on the strength. */
  @Override
  public Adapter at(double strength) {
    return person.at(strength).and(look.at(lookWeight));
  }

  @Override
  public String phrase() {
    return person.phrase() + ", " + lookWords;
  }

  /** {@inheritDoc} The look shows no person, so the person's consent is enough. */
  @Override
  public Optional<Consent> consent() {
    return person.consent();
  }

  @Override
  public StyledPerson withConsent(Consent consent) {
    return new StyledPerson(person.withConsent(consent), look, lookWeight, lookWords);
  }
}
