package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.PreviewDecoder;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.provenance.Disclosure;
import dev.likeness.vault.Subject;
import dev.likeness.vault.SubjectStudio;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The opened base with all that works on it. */
final class Workshop implements AutoCloseable {
  private final BaseModel base;
  private final Disclosure disclosure;
  private final ReviewTools tools;
  private final Optional<FaceEmbedder> own;
  private final HeadshotStudio studio;
  private final GenerationQueue queue;
  private final Optional<PreviewDecoder> previews;
  private final Adapters adapters;

  Workshop(
      BaseModel base,
      Studio.Limits limits,
      Disclosure disclosure,
      List<AdapterFiles> adapters,
      Optional<ModelAccess> models) {
    this.base = base;
    this.adapters = new Adapters(base, adapters, models, limits.policy());
    this.disclosure = disclosure;
    ReviewTools builtIn = ReviewTools.builtIn();
    this.tools = base.folder().map(builtIn::withEmbedderIn).orElse(builtIn);
    this.own = base.folder().flatMap(ReviewTools::embedderIn);
    HeadshotStudio plain = HeadshotStudio.on(base);
    this.studio = tools.embedder().or(() -> own).map(plain::embedder).orElse(plain);
    this.previews = base.folder()
        .map(Extra.PREVIEW_DECODER::at)
        .filter(Files::exists)
        .map(file -> PreviewDecoder.open(file, base.compute()));
    this.queue = GenerationQueue.on(
        studio, GenerationQueue.Options.defaults().memoryBytes(limits.memoryBytes()));
  }

  BaseModel base() {
    return base;
  }

  GenerationQueue queue() {
    return queue;
  }

  HeadshotStudio studio() {
    return studio;
  }

  /** Returns the decoder of previews, if the base's folder has one. */
  Optional<PreviewDecoder> previews() {
    return previews;
  }

  /** Returns the tools that review photos. */
  ReviewTools tools() {
    return tools;
  }

  /** Returns the embedder that validates a training. */
  Optional<FaceEmbedder> embedder() {
    return tools.embedder().or(() -> own);
  }

  /** Returns the adapters of identity methods. */
  Adapters adapters() {
    return adapters;
  }

  /** Returns a studio that trains and generates with the given settings. */
  SubjectStudio subjects(HeadshotStudio with) {
    return SubjectStudio.on(base, with).tools(tools).marking(disclosure);
  }

  /**
   * Returns the identities that can show a subject in headshots. If the subject was never trained
   * and no photos are kept for the base, there are none.
   */
  List<ShownBy> identities(Subject subject) {
    List<ShownBy> all = new ArrayList<>();
    boolean isTrained = SubjectStudio.isTrained(subject);
    boolean hasReferences = SubjectStudio.hasReferences(subject, base);
    if (isTrained && !hasReferences) {
      all.add(ShownBy.LORA);
    }
    if (hasReferences) {
      if (isTrained) {
        all.add(ShownBy.LORA_AND_REFERENCES);
      }
      all.add(ShownBy.REFERENCES);
    }
    if (encoded(subject).isPresent()) {
      all.add(ShownBy.IPADAPTER);
      if (isTrained) {
        all.add(ShownBy.BOTH);
      }
    }
    return all;
  }

  /** Returns the adapter that the subject's photos were encoded for, if it can be used. */
  Optional<Adapters.Offer> encoded(Subject subject) {
    return SubjectStudio.encodedFor(subject).flatMap(adapters::findUsable);
  }

  private Adapters.Offer requireEncoded(Subject subject) {
    return adapters.require(SubjectStudio.encodedFor(subject)
        .orElseThrow(() -> new InvalidInputException(
            "no photos of this person were encoded for an adapter; open the page Train")));
  }

  /** Works with a studio that shows a subject by an identity. */
  <T> T subjects(
      HeadshotStudio with, Subject subject, ShownBy identity, Function<SubjectStudio, T> work) {
    return subjects(with, subject, identity, Optional.empty(), work);
  }

  /** As {@link #subjects(HeadshotStudio, Subject, ShownBy, Function)}, in a pose of the head. */
  <T> T subjects(
      HeadshotStudio with,
      Subject subject,
      ShownBy identity,
      Optional<ShootPose> pose,
      Function<SubjectStudio, T> work) {
    SubjectStudio plain = subjects(with);
    SubjectStudio studio = identity.hasLora() ? plain : plain.withoutLora();
    return identity.hasAdapter()
        ? adapters.with(
            requireEncoded(subject),
            open -> work.apply(studio.adapter(
                open.adapter(),
                person -> pose.map(one -> open.posed(person, one))
                    .orElseGet(() -> open.settings(person)))))
        : work.apply(studio);
  }

  /**
   * Refuses a pose for an identity that has none.
   *
   * @throws InvalidInputException if the identity has no ControlNet that sets a pose
   */
  void requirePose(Subject subject, ShownBy identity) {
    boolean hasPose = identity.hasAdapter()
        && encoded(subject).filter(Adapters.Offer::hasPose).isPresent();
    if (!hasPose) {
      throw new InvalidInputException("the identity " + identity.word()
          + " has no ControlNet that sets the pose of the head; leave the pose out, or encode the"
          + " photos for an adapter that has one");
    }
  }

  /** Returns the memory of an identity beside that of a shoot, in bytes. */
  long memory(Subject subject, ShownBy identity) {
    return identity.hasAdapter() ? encoded(subject).map(adapters::memory).orElse(0L) : 0;
  }

  /**
   * Returns the tools that judge a person's headshots: with the base's own embedder if the person's
   * file has no embeddings of another one.
   */
  ReviewTools judging(PersonRecord kept) {
    boolean fits = tools.embedder().isEmpty()
        && own.isPresent()
        && kept.faces()
            .filter(faces -> !faces.embedder().equals(own.get().name()))
            .isEmpty();
    return fits ? tools.withEmbedder(own.get()) : tools;
  }

  /**
   * The identity that a subject's headshots show.
   *
   * @param trained closed with this object
   */
  record Shown(Optional<LoraPerson> trained, Identity identity, PersonRecord kept)
      implements AutoCloseable {
    @Override
    public void close() {
      trained.ifPresent(LoraPerson::close);
    }
  }

  /** Works with the opened identity of a subject. */
  <T> T shown(Subject subject, ShownBy identity, Function<Shown, T> work) {
    if (!identity.hasAdapter()) {
      try (Shown shown = open(subject, identity, Optional.empty())) {
        return work.apply(shown);
      }
    }
    return adapters.with(requireEncoded(subject), open -> {
      Optional<IpAdapterPerson> encoded =
          SubjectStudio.findEncoded(subject, open.adapter()).map(open::settings);
      try (Shown shown = open(subject, identity, encoded)) {
        return work.apply(shown);
      }
    });
  }

  private Shown open(Subject subject, ShownBy identity, Optional<IpAdapterPerson> encoded) {
    Optional<ReferenceImagesPerson> images =
        encoded.isPresent() ? Optional.empty() : SubjectStudio.findReferences(subject, base);
    if (!identity.hasLora()) {
      return encoded
          .map(one -> new Shown(Optional.empty(), one, one.record()))
          .or(() -> images.map(one -> new Shown(Optional.empty(), one, one.record())))
          .orElseThrow(() -> new InvalidInputException(
              "this person has no reference images for this base; open the page Train"));
    }
    LoraPerson trained = LoraPerson.open(SubjectStudio.personFile(subject), base);
    LoraPerson known =
        trained.consent().isPresent() ? trained : trained.withConsent(subject.consent());
    Optional<LoraPerson> closed = Optional.of(known);
    return encoded
        .map(one -> new Shown(closed, one.withLoraPerson(known), one.record()))
        .or(() -> images.map(one -> new Shown(closed, one.withLoraPerson(known), one.record())))
        .orElseGet(() -> new Shown(closed, known, PersonRecord.of(known)));
  }

  /** Returns true if the subject can be shown in headshots of this base; not a use of the data. */
  boolean isReady(Subject subject) {
    return SubjectStudio.isReady(subject, base) || encoded(subject).isPresent();
  }

  @Override
  public void close() {
    queue.close();
    adapters.close();
    previews.ifPresent(PreviewDecoder::close);
    tools.close();
    own.ifPresent(FaceEmbedder::close);
    base.close();
  }
}
