package dev.likeness.portrait.people;

import java.util.ArrayList;
import java.util.List;

/** Everything before the camera in one shot, in place. */
final class Scene {
  final Shot shot;
  final Camera camera;
  final List<Mesh> meshes = new ArrayList<>();
  final Strands strands = new Strands();
  final Strands hardware = new Strands();
  private final Face face;
  private final Mesh head;
  private final SkinPaint skin;
  private final ClothPaint cloth;

  /** With hair, beard, glasses and earrings where it is {@code groomed}; they move nothing else. */
  Scene(Person person, Shot shot, int samples, boolean groomed) {
    this.shot = shot;
    face = new Face(person, shot);
    HeadShape shape = new HeadShape(face);
    Scalp scalp = new Scalp(person);
    skin = new SkinPaint(face, shape, scalp, shot);
    cloth = new ClothPaint(skin, shot, person);
    head = shape.mesh();
    head.normals(1);
    if (groomed) {
      groom(scalp);
    }
    Rigid pose =
        new Rigid(shot.pose().yaw(), shot.pose().pitch(), shot.pose().roll(), 0, -.85f, -.15f);
    add(head, pose);
    float side = earX();
    add(EarShape.mesh(face, -1, side), pose);
    add(EarShape.mesh(face, 1, side), pose);
    if (person.hair() == HairStyle.HEADSCARF) {
      add(ScarfShape.mesh(face, head), null);
    }
    strands.move(pose, 0);
    hardware.move(pose, 0);
    Rigid turn = new Rigid(shot.pose().bodyYaw(), 0, 0, 0, 0, -.2f);
    boolean thick = shot.clothes().outfit() == Outfit.SUIT
        || shot.clothes().outfit() == Outfit.BLAZER
        || shot.clothes().outfit() == Outfit.HOODIE;
    add(BodyShape.mesh(face, thick ? .09f : .04f), turn);
    Mesh collar =
        CollarShape.mesh(face, shot.clothes().outfit(), shot.clothes().outfit() == Outfit.SUIT);
    if (collar != null && person.hair() != HairStyle.HEADSCARF) {
      add(collar, turn);
    }
    float scale = samples * shot.framing().zoom() / 3.35f;
    camera = new Camera(
        samples,
        shot.framing().distance(),
        scale,
        .35f * (float) Math.sin(shot.pose().yaw()) + shot.framing().shiftX() * 1.5f,
        -.24f + shot.framing().shiftY() * 2.2f);
  }

  private void groom(Scalp scalp) {
    Groom.hair(face, scalp, head, strands);
    Beard.grow(face, head, strands);
    GlassesShape.build(face, head, hardware);
    Earrings.build(face, head, hardware);
  }

  private void add(Mesh mesh, Rigid rigid) {
    if (rigid != null) {
      mesh.move(rigid);
    }
    mesh.normals(1);
    if (mesh.material == Material.EAR || mesh.material == Material.COLLAR) {
      faceCamera(mesh);
    }
    meshes.add(mesh);
  }

  /** Thin things are seen from both sides. */
  private static void faceCamera(Mesh mesh) {
    for (int i = 0; i < mesh.nx.length; i++) {
      if (mesh.nz[i] < 0) {
        mesh.nx[i] = -mesh.nx[i];
        mesh.ny[i] = -mesh.ny[i];
        mesh.nz[i] = -mesh.nz[i];
      }
    }
  }

  private float earX() {
    int row = HeadShape.DOME + 28;
    float widest = 0;
    for (int c = 0; c < HeadShape.COLS; c++) {
      widest = Math.max(widest, head.x[row * HeadShape.COLS + c]);
    }
    return widest;
  }

  void paint(Material material, Surface s, float u, float v, float w) {
    switch (material) {
      case HEAD -> skin.head(s, u, v, w);
      case EAR -> skin.ear(s, u, v);
      case BODY -> cloth.body(s, u, v, w);
      case COLLAR -> cloth.collar(s, u, v, w);
      case SCARF -> ScarfShape.paint(s, face.person, u, v, w);
      default -> s.colour(0, 0, 0);
    }
  }

  /** Eyes, nose tip, corners of the mouth: x and y, in samples times {@code scale}. */
  float[] landmarks(float scale) {
    float corner = face.lipLine(face.mouthHalf);
    float[][] places = {
      {-face.eyeX, 0},
      {face.eyeX, 0},
      {0, face.noseY + .055f},
      {-face.mouthHalf, corner},
      {face.mouthHalf, corner}
    };
    float[] out = new float[10];
    for (int i = 0; i < 5; i++) {
      int at = head.closest(places[i][0], places[i][1], 1.5f);
      out[2 * i] = camera.column(head.x[at], head.z[at]) * scale;
      out[2 * i + 1] = camera.row(head.y[at], head.z[at]) * scale;
    }
    return out;
  }
}
