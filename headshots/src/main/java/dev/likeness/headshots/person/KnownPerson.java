package dev.likeness.headshots.person;

import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.lora.LoraPerson;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.stream.Stream;

/**
 * The kinds of persons: how each one follows face guidance, what its record keeps of the photos,
 * and what its prompts start with.
 */
sealed interface KnownPerson {
  static KnownPerson of(Identity person) {
    if (person instanceof GuidedPerson guided) {
      return new Guided(guided);
    }
    if (person instanceof IpAdapterPerson encoded) {
      return new OfIpAdapter(encoded);
    }
    if (person instanceof ReferenceImagesPerson images) {
      return new OfReferenceImages(images);
    }
    return person instanceof LoraPerson trained ? new OfLora(trained) : new Other(person);
  }

  /** The face embeddings that face guidance may follow, of any embedder. */
  Stream<FaceEmbeddings> faces();

  /**
   * The adapter with face guidance, as a function of the identity strength.
   *
   * @param faces vectors of the guidance's embedder
   */
  DoubleFunction<Adapter> guided(List<float[]> faces, FaceGuidance guidance);

  /** The light that the photos share; empty if it is unknown. */
  String light();

  /** The sentence before a prompt, as in {@link ReferenceImagesPerson#instruction(Identity)}. */
  default String instruction() {
    return "";
  }

  /** The face embeddings of both files. The LoRA may be of more photos than the references. */
  private static Stream<FaceEmbeddings> faces(Optional<LoraPerson> lora, PersonRecord own) {
    return Stream.of(lora.flatMap(one -> PersonRecord.of(one).guidanceFaces()), own.guidanceFaces())
        .flatMap(Optional::stream);
  }

  /** The largest set of face embeddings that the guidance's own embedder made. */
  default Optional<FaceEmbeddings> faces(FaceGuidance guidance) {
    return faces()
        .filter(kept -> kept.embedder().equals(guidance.embedder().name()))
        .max(Comparator.comparingInt(kept -> kept.vectors().size()));
  }

  /** A person from embeddings for an IP-Adapter, optionally with a LoRA. */
  record OfIpAdapter(IpAdapterPerson person) implements KnownPerson {
    @Override
    public Stream<FaceEmbeddings> faces() {
      return KnownPerson.faces(person.loraPerson(), person.record());
    }

    @Override
    public DoubleFunction<Adapter> guided(List<float[]> faces, FaceGuidance guidance) {
      Identity face = guidance.forPerson(faces);
      IdentityStrength mapping = person.strength().equals(IdentityStrength.DEFAULT)
          ? IdentityStrength.DEFAULT_WITH_GUIDANCE
          : person.strength();
      return identityStrength -> {
        IdentityStrength.Setting setting =
            mapping.at(identityStrength, person.loraPerson().isPresent());
        return person.at(setting).and(face.at(setting.face()));
      };
    }

    @Override
    public String light() {
      return person.loraPerson().map(lora -> new OfLora(lora).light()).orElse("");
    }
  }

  /** A person from images for a base that edits images, optionally with a LoRA. */
  record OfReferenceImages(ReferenceImagesPerson person) implements KnownPerson {
    @Override
    public Stream<FaceEmbeddings> faces() {
      return KnownPerson.faces(person.loraPerson(), person.record());
    }

    @Override
    public DoubleFunction<Adapter> guided(List<float[]> faces, FaceGuidance guidance) {
      Identity face = guidance.forPerson(faces);
      return identityStrength -> person
          .at(identityStrength, GuidedPerson.LORA_SHARE * identityStrength)
          .and(face.at(identityStrength));
    }

    @Override
    public String light() {
      return person.loraPerson().map(lora -> new OfLora(lora).light()).orElse("");
    }

    @Override
    public String instruction() {
      return person.instruction();
    }
  }

  /** A person from a trained LoRA. */
  record OfLora(LoraPerson person) implements KnownPerson {
    @Override
    public Stream<FaceEmbeddings> faces() {
      return PersonRecord.of(person).guidanceFaces().stream();
    }

    @Override
    public DoubleFunction<Adapter> guided(List<float[]> faces, FaceGuidance guidance) {
      Identity face = guidance.forPerson(faces);
      Optional<ImagePrompt> reference = guidance.imagePrompt(faces);
      return identityStrength -> {
        Adapter lora = person.lora().at(GuidedPerson.LORA_SHARE * identityStrength);
        return reference
            .map(prompt -> lora.and(
                prompt.at(IdentityStrength.WITH_LORA_AND_GUIDANCE_SCALE * identityStrength)))
            .orElse(lora)
            .and(face.at(identityStrength));
      };
    }

    @Override
    public String light() {
      return PersonRecord.of(person).light().words();
    }
  }

  /** A person who follows face guidance already; a second guidance is not added. */
  record Guided(GuidedPerson person) implements KnownPerson {
    @Override
    public Stream<FaceEmbeddings> faces() {
      return Stream.empty();
    }

    @Override
    public DoubleFunction<Adapter> guided(List<float[]> faces, FaceGuidance guidance) {
      return person::at;
    }

    @Override
    public String light() {
      return KnownPerson.of(person.person()).light();
    }

    @Override
    public String instruction() {
      return KnownPerson.of(person.person()).instruction();
    }
  }

  /** An identity of another kind, without a record of photos. */
  record Other(Identity person) implements KnownPerson {
    @Override
    public Stream<FaceEmbeddings> faces() {
      return Stream.empty();
    }

    @Override
    public DoubleFunction<Adapter> guided(List<float[]> faces, FaceGuidance guidance) {
      return person::at;
    }

    @Override
    public String light() {
      return "";
    }

    @Override
    public String instruction() {
      return person instanceof ReferenceImagesPerson.Group group ? group.instruction() : "";
    }
  }
}
