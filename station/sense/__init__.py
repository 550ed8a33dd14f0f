"""The world in: camera, video and poses files, the synthetic runner, buttons, belt speed."""
