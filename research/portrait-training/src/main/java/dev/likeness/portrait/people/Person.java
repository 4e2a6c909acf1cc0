package dev.likeness.portrait.people;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Somebody who does not exist: everything that stays the same from one photo to the next.
 * Immutable.
 */
public final class Person {
  /** Skin as dark as this, or darker, shows no freckles. */
  private static final float FRECKLED = .62f;

  private final long seed;
  private final Sex sex;
  private final int age;
  private final float[] bones = new float[Bone.values().length];
  private final float melanin;
  private final float undertone;
  private final float curl;
  private final HairStyle hair;
  private final HairColour hairColour;
  private final float parting;
  private final BeardStyle beard;
  private final Glasses glasses;
  private final boolean earrings;
  private final float freckles;
  private final EyeColour eyes;
  private final Set<Ancestry> ancestry = EnumSet.noneOf(Ancestry.class);

  private Person(long seed, boolean adorned) {
    this.seed = seed;
    Random random = new Random(seed * 0x9E3779B97F4A7C15L + 0x1234567);
    random.nextLong();
    sex = random.nextBoolean() ? Sex.MAN : Sex.WOMAN;
    age = 18 + random.nextInt(65);
    melanin = random.nextFloat();
    undertone = random.nextFloat() * 2 - 1;
    curl = drawBones(random);
    HairStyle[] styles = HairStyle.of(sex);
    hair = styles[random.nextInt(styles.length)];
    hairColour = hairColour(random, age);
    parting = random.nextFloat() * 2 - 1;
    BeardStyle[] beards = BeardStyle.values();
    beard = sex == Sex.MAN && random.nextFloat() < .6f
        ? beards[1 + random.nextInt(beards.length - 1)]
        : BeardStyle.NONE;
    Glasses[] frames = Glasses.values();
    Glasses worn =
        random.nextFloat() < .3f ? frames[1 + random.nextInt(frames.length - 1)] : Glasses.NONE;
    glasses = adorned ? worn : Glasses.NONE;
    earrings =
        random.nextFloat() < (sex == Sex.WOMAN ? .45f : .08f) && adorned && !hair.hidesLobes();
    float sprinkled = random.nextFloat() < .18f ? .4f + .6f * random.nextFloat() : 0;
    freckles = melanin < FRECKLED ? sprinkled : 0;
    EyeColour[] colours = EyeColour.values();
    EyeColour drawn = colours[random.nextInt(colours.length)];
    eyes = melanin > .62f && random.nextFloat() < .85f
        ? (random.nextBoolean() ? EyeColour.BROWN : EyeColour.DARK)
        : drawn;
  }

  /** The person of this number: always the same one. */
  public static Person random(long seed) {
    return new Person(seed, true);
  }

  /** Whether what they wear at the ears, if anything, are hoops and no studs. */
  public boolean hoops() {
    return earrings() && (seed & 2) == 0;
  }

  /** The same without glasses and earrings. */
  public Person unadorned() {
    return new Person(seed, false);
  }

  private float drawBones(Random random) {
    Ancestry[] all = Ancestry.values();
    Ancestry one = all[random.nextInt(all.length)];
    Ancestry two = all[random.nextInt(all.length)];
    ancestry.addAll(List.of(one, two));
    float share = random.nextFloat();
    for (Bone bone : Bone.values()) {
      float own = (random.nextFloat() + random.nextFloat() - 1) * 1.35f;
      float value = own + bone.shift(sex) + Maths.mix(one.shift(bone), two.shift(bone), share);
      bones[bone.ordinal()] = Maths.clamp(value, -1.4f, 1.4f);
    }
    return Maths.clamp(
        Maths.mix(one.curl, two.curl, share) + (float) random.nextGaussian() * .15f, 0, 1);
  }

  private static HairColour hairColour(Random random, int age) {
    float gray = Maths.smooth(40, 80, age) * .8f;
    if (random.nextFloat() < gray) {
      return random.nextFloat() < Maths.smooth(45, 85, age) ? HairColour.WHITE : HairColour.GRAY;
    }
    return HairColour.values()[random.nextInt(HairColour.GRAY.ordinal())];
  }

  /** The number that {@link #random} makes this person from. */
  public long seed() {
    return seed;
  }

  /** Whose averages the bones blend: two, or one twice. */
  Set<Ancestry> ancestry() {
    return ancestry;
  }

  /** Which average the bones vary around. */
  public Sex sex() {
    return sex;
  }

  /** Years, 18 to 82. */
  public int age() {
    return age;
  }

  /** One number of the face's form, about -1 to 1. */
  public float bone(Bone bone) {
    return bones[bone.ordinal()];
  }

  /** 0 (palest) to 1 (darkest). */
  public float melanin() {
    return melanin;
  }

  /** -1 (pink) to 1 (golden). */
  public float undertone() {
    return undertone;
  }

  /** How tightly the hair curls of itself, 0 to 1. */
  public float curl() {
    return curl;
  }

  /** How the hair is worn, in every photo. */
  public HairStyle hair() {
    return hair;
  }

  /** The colour of hair, brows and beard. */
  public HairColour hairColour() {
    return hairColour;
  }

  /** Where the parting lies, -1 (image's left) to 1. */
  public float parting() {
    return parting;
  }

  /** What grows on the chin. */
  public BeardStyle beard() {
    return beard;
  }

  /** Which glasses are worn, in every photo. */
  public Glasses glasses() {
    return glasses;
  }

  /** True when earrings are worn, in every photo; nobody wears any that hair would hide. */
  public boolean earrings() {
    return earrings;
  }

  /** 0 (none, as on nearly all brown and all dark skin) to 1 (covered). */
  public float freckles() {
    return freckles;
  }

  /** The colour of the eyes. */
  public EyeColour eyes() {
    return eyes;
  }

  /**
   * Everything that makes this face this face, for recognition tests: bones, then colours and
   * habits, each about -1 to 1.
   */
  public float[] identity() {
    int n = bones.length;
    float[] out = Arrays.copyOf(bones, n + 11);
    float[] rest = {
      sex == Sex.MAN ? 1 : -1,
      age / 32f - 1.56f,
      melanin * 2 - 1,
      undertone,
      curl * 2 - 1,
      hair.ordinal() / 8f - 1,
      hairColour.ordinal() / 3f - 1,
      beard.ordinal() / 3f - 1,
      glasses.ordinal() / 2f - 1,
      freckles * 2 - 1,
      eyes.ordinal() / 2.5f - 1
    };
    System.arraycopy(rest, 0, out, n, rest.length);
    return out;
  }

  @Override
  public String toString() {
    return "person " + seed + ": " + Words.of(this);
  }
}
